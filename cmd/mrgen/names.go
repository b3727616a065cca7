package main

import (
	"fmt"
	"strings"
	"unicode"
)

// exported returns a model's name as an exported Go name.
func exported(name string) string {
	r := []rune(name)
	r[0] = unicode.ToUpper(r[0])
	return strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return c
		}
		return '_'
	}, string(r))
}

// taken are names that a generated structure's methods have.
var taken = map[string]bool{"Schema": true, "Member": true, "Nested": true, "Reset": true}

// fieldName returns the name of the Go field of a member.
func fieldName(member string) string {
	n := exported(member)
	if taken[n] {
		n += "Value"
	}
	return n
}

// enumName returns the name of a constant: the shape's name and the value's
// words, StreamStatus and "ACTIVE" making StreamStatusActive.
func enumName(shape, value string) string {
	words := strings.FieldsFunc(value, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })
	var b strings.Builder
	b.WriteString(shape)
	for _, w := range words {
		if strings.ToUpper(w) == w {
			w = strings.ToLower(w)
		}
		b.WriteString(exported(w))
	}
	return b.String()
}

// enumNames returns the names of a shape's constants in the order of values.
// Values that differ only in case or punctuation get a number.
func enumNames(shape string, values []string, used map[string]bool) []string {
	names := make([]string, len(values))
	for i, v := range values {
		n := enumName(shape, v)
		for k := 2; used[n] || n == shape; k++ {
			n = fmt.Sprintf("%s_%d", enumName(shape, v), k)
		}
		used[n] = true
		names[i] = n
	}
	return names
}
