package api

import (
	"regexp"
	"regexp/syntax"
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
		if set, ok := asciiSet(expr); ok {
			return set.repeats
		}
		return regexp.MustCompile(`^(?:` + expr + `)$`).MatchString
	})}
}

// charset is a set of ASCII characters, of which a text must have at least min.
type charset struct {
	in  [256]bool
	min int
}

func (c *charset) repeats(s string) bool {
	for i := range len(s) {
		if !c.in[s[i]] {
			return false
		}
	}
	return len(s) >= c.min
}

// asciiSet recognises the commonest form of patterns, [...]+ or [...]* of ASCII
// characters, for which a table is many times faster than an automaton.
func asciiSet(expr string) (*charset, bool) {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil || (re.Op != syntax.OpPlus && re.Op != syntax.OpStar) || re.Sub[0].Op != syntax.OpCharClass {
		return nil, false
	}
	c := new(charset)
	if re.Op == syntax.OpPlus {
		c.min = 1
	}
	class := re.Sub[0].Rune
	for i := 0; i < len(class); i += 2 {
		if class[i+1] > '~' {
			return nil, false
		}
		for r := class[i]; r <= class[i+1]; r++ {
			c.in[r] = true
		}
	}
	return c, true
}

// Matcher returns a pattern that RE2 cannot express, decided by match.
func Matcher(source string, match func(string) bool) *Pattern {
	return &Pattern{Source: source, match: func() func(string) bool { return match }}
}

// Match reports whether the whole of s matches.
func (p *Pattern) Match(s string) bool { return p.match()(s) }
