package main

import (
	"fmt"
	"regexp"
)

// pattern returns the Go expression of a shape's pattern.
func (g *gen) pattern(shape, source string) (string, error) {
	if m := g.o.Shapes[shape].Matcher; m != "" {
		return fmt.Sprintf("api.Matcher(%q, match.%s)", source, m), nil
	}
	if _, err := regexp.Compile(source); err != nil {
		return "", fmt.Errorf("pattern %q: %w", source, err)
	}
	return fmt.Sprintf("api.RE2(%q, %q)", source, source), nil
}
