package api

import (
	"regexp"
	"sync"
)

// Pattern is a model's regular expression. It must match the whole value.
type Pattern struct {
	Source string // as AWS prints it in its validation texts
	match  func() func(string) bool
}

// RE2 returns a pattern whose translation into RE2 is expr. It is compiled when
// it is first used.
func RE2(source, expr string) *Pattern {
	return &Pattern{Source: source, match: sync.OnceValue(func() func(string) bool {
		return regexp.MustCompile(`^(?:` + expr + `)$`).MatchString
	})}
}

// Matcher returns a pattern that RE2 cannot express, decided by match.
func Matcher(source string, match func(string) bool) *Pattern {
	return &Pattern{Source: source, match: func() func(string) bool { return match }}
}

// Match reports whether the whole of s matches.
func (p *Pattern) Match(s string) bool { return p.match()(s) }
