package api

import (
	"strings"
	"time"
	"unicode/utf8"
)

// maxViolations is how many violations AWS names in one answer.
const maxViolations = 10

// Validate checks an input against the constraints of its model: what is
// required, lengths, ranges, patterns and enumerations, in the model's order of
// members. It returns nil where all hold, and else a ValidationException with
// AWS's text (reference kinesis-streams §2.3), which names ten violations at
// most. A valid input without maps costs no allocation.
func Validate(in Struct) *Error {
	var v violations
	v.structure(in, nil)
	if len(v.texts) == 0 {
		return nil
	}
	return v.err()
}

// violations collects what an input violates.
type violations struct{ texts []string }

func (v *violations) full() bool { return len(v.texts) == maxViolations }

// step is one step of the path to a value. Paths are on the stack (a step that a
// loop declared would not be), and become texts only where they are needed.
type step struct {
	up   *step
	name string // a member; or the key in a map
	at   int    // the place in a list, from 1; 0 where the step is a member, -1 where it is a key
}

func (v *violations) structure(s Struct, up *step) {
	members := s.Schema().Members
	here := step{up: up}
	for i := range members {
		if v.full() {
			return
		}
		m := &members[i]
		here.name = m.Name
		if m.Schema.Kind == KindStruct {
			if n := s.Nested(i, false); n != nil {
				v.structure(n, &here)
			} else if m.Required {
				v.add(&here, null, "Member must not be null")
			}
			continue
		}
		v.member(m, s.Member(i), &here)
	}
}

// member checks the member to which p points, in the form of Struct.Member.
func (v *violations) member(m *Member, p any, here *step) {
	set := false
	switch p := p.(type) {
	case *Opt[string]:
		if set = p.Set; set {
			v.text(m, p.V, here)
		}
	case *Opt[bool]:
		set = p.Set
	case *Opt[int32]:
		if set = p.Set; set {
			v.number(m, float64(p.V), here)
		}
	case *Opt[int64]:
		if set = p.Set; set {
			v.number(m, float64(p.V), here)
		}
	case *Opt[float32]:
		if set = p.Set; set {
			v.number(m, float64(p.V), here)
		}
	case *Opt[float64]:
		if set = p.Set; set {
			v.number(m, p.V, here)
		}
	case *Opt[time.Time]:
		set = p.Set
	case *[]byte:
		if set = *p != nil; set {
			v.size(m, len(*p), p, here)
		}
	case *Document:
		set = p.V != nil
	case List:
		if set = !p.IsNil(); set {
			v.list(m, p, here)
		}
	case Map:
		if set = !p.IsNil(); set {
			v.dictionary(m, p, here)
		}
	}
	if m.Required && !set {
		v.add(here, null, "Member must not be null")
	}
}

// text checks a string. AWS names a violated pattern before a violated length.
func (v *violations) text(m *Member, s string, here *step) {
	c := m.Schema
	if c.Enum != nil && !c.inEnum(s) {
		v.add(here, m.shown(s), c.enumText())
	}
	if c.Pattern != nil && !c.Pattern.Match(s) {
		v.add(here, m.shown(s), c.patternText())
	}
	switch c.outOfLength(s) {
	case tooShort:
		v.add(here, m.shown(s), c.lengthText(tooShort))
	case tooLong:
		v.add(here, m.shown(s), c.lengthText(tooLong))
	}
}

func (v *violations) number(m *Member, n float64, here *step) {
	switch c := m.Schema; {
	case c.HasMin && n < c.Min:
		v.add(here, m.shown(n), "Member must have value greater than or equal to "+decimal(c.Min))
	case c.HasMax && n > c.Max:
		v.add(here, m.shown(n), "Member must have value less than or equal to "+decimal(c.Max))
	}
}

// size checks the length of a blob, a list or a map, which is value.
func (v *violations) size(m *Member, n int, value any, here *step) {
	if o := m.Schema.outOfSize(n); o != fits {
		v.add(here, m.shown(value), m.Schema.lengthText(o))
	}
}

func (v *violations) list(m *Member, l List, here *step) {
	v.size(m, l.Len(), l, here)
	elem := m.Schema.Elem
	if !elem.Schema.constrained() {
		return
	}
	below := step{up: here}
	for i := range l.Len() {
		if v.full() {
			return
		}
		below.at = i + 1
		if !v.entry(elem, l.At(i), &below) {
			// A bad scalar is a violation of the list, named once.
			v.add(here, m.shown(l), "Member must satisfy constraint: ["+elem.Schema.allTexts()+"]")
			return
		}
	}
}

// dictionary checks a map. What the walk through the map holds is on the heap,
// so it gets the path so far as a text; else every path of every input would be
// there.
func (v *violations) dictionary(m *Member, d Map, here *step) {
	v.size(m, d.Len(), d, here)
	walk := mapWalk{violations: violations{v.texts}, key: m.Schema.Key, elem: m.Schema.Elem, up: &step{name: here.text()}}
	v.texts = walk.run(d)
	if walk.badKey {
		v.add(here, m.shown(d), "Map keys must satisfy constraint: ["+walk.key.Schema.allTexts()+"]")
	}
	if walk.badValue {
		v.add(here, m.shown(d), "Map value must satisfy constraint: ["+walk.elem.Schema.allTexts()+"]")
	}
}

type mapWalk struct {
	violations
	key, elem        *Member
	up               *step
	badKey, badValue bool
}

func (w *mapWalk) run(d Map) []string {
	_ = d.Range(func(k string, value any) error {
		w.badKey = w.badKey || !w.key.Schema.holds(k)
		if w.elem.Schema.constrained() && !w.full() {
			below := step{up: w.up, name: k, at: -1}
			w.badValue = !w.entry(w.elem, value, &below) || w.badValue
		}
		return nil
	})
	return w.texts
}

// entry checks an entry of a list or a map, in the form of List.At. Structures,
// lists and maps report what is wrong below them; for a scalar the result says
// whether it holds.
func (v *violations) entry(m *Member, p any, here *step) bool {
	if o, ok := p.(Optional); ok {
		if !o.IsSet() {
			return true
		}
		p = o.Value()
	}
	switch p := p.(type) {
	case Struct:
		v.structure(p, here)
	case List:
		v.list(m, p, here)
	case Map:
		v.dictionary(m, p, here)
	case *string:
		return m.Schema.holds(*p)
	case *[]byte:
		return m.Schema.outOfSize(len(*p)) == fits
	case *int32:
		return m.Schema.inRange(float64(*p))
	case *int64:
		return m.Schema.inRange(float64(*p))
	case *float32:
		return m.Schema.inRange(float64(*p))
	case *float64:
		return m.Schema.inRange(*p)
	}
	return true
}

// fit says on which side of its bounds a length is.
type fit uint8

const (
	fits fit = iota
	tooShort
	tooLong
)

// outOfLength measures a string in code points. The length in bytes decides
// where it can: n bytes are n/4 to n code points.
func (s *Schema) outOfLength(text string) fit {
	n := float64(len(text))
	if (!s.HasMax || n <= s.Max) && (!s.HasMin || n >= s.Min*utf8.UTFMax) {
		return fits
	}
	return s.outOfSize(utf8.RuneCountInString(text))
}

func (s *Schema) outOfSize(n int) fit {
	switch {
	case s.HasMin && float64(n) < s.Min:
		return tooShort
	case s.HasMax && float64(n) > s.Max:
		return tooLong
	}
	return fits
}

func (s *Schema) inRange(n float64) bool {
	return (!s.HasMin || n >= s.Min) && (!s.HasMax || n <= s.Max)
}

// inEnum reports whether the text is one of the enumeration's values.
func (s *Schema) inEnum(text string) bool {
	for _, e := range s.Enum {
		if e == text {
			return true
		}
	}
	return false
}

// holds reports whether a string satisfies all constraints.
func (s *Schema) holds(text string) bool {
	return s.outOfLength(text) == fits && (s.Enum == nil || s.inEnum(text)) && (s.Pattern == nil || s.Pattern.Match(text))
}

// constrained reports whether a shape asks for a look at each of its values.
func (s *Schema) constrained() bool {
	switch s.Kind {
	case KindStruct, KindList, KindMap:
		return true
	}
	return s.HasMin || s.HasMax || s.Enum != nil || s.Pattern != nil
}

func (v *violations) err() *Error {
	var b strings.Builder
	b.WriteString(decimal(float64(len(v.texts))))
	b.WriteString(" validation error")
	if len(v.texts) > 1 {
		b.WriteByte('s')
	}
	b.WriteString(" detected: ")
	b.WriteString(strings.Join(v.texts, "; "))
	return &Error{Shape: ErrValidation, Message: b.String()}
}
