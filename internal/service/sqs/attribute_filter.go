package sqs

import (
	"slices"
	"strings"
)

// attributeFilter is the attributes of a message that a receive asks for. The
// zero value is none.
type attributeFilter struct {
	all      bool
	names    []string
	prefixes []string
}

// newAttributeFilter reads MessageAttributeNames: names, prefixes that end in .*
// (the dot is not part of them), and "All", ".*" and "*" for all. A name that no
// attribute can have means none.
func newAttributeFilter(names []string) (f attributeFilter) {
	for _, name := range names {
		switch prefix, wild := strings.CutSuffix(name, ".*"); {
		case name == "All" || name == "*" || name == ".*":
			f.all = true
		case wild:
			f.prefixes = append(f.prefixes, prefix)
		default:
			f.names = append(f.names, name)
		}
	}
	return f
}

// of returns those of the attributes that are asked for, in their memory where
// they are all of them.
func (f *attributeFilter) of(a messageAttributes) messageAttributes {
	if f.all || len(a) == 0 {
		return a
	}
	var out messageAttributes
	for at := range a.all() {
		if slices.Contains(f.names, at.name) || slices.ContainsFunc(f.prefixes, func(p string) bool { return strings.HasPrefix(at.name, p) }) {
			out = append(out, at.packed...)
		}
	}
	return out
}
