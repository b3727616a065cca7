package api

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The texts of violations, in AWS's words (reference kinesis-streams §2.3).

// null is how AWS shows a value that is not there.
const null = " null"

// maxShown bounds the bytes of a value that a text repeats.
const maxShown = 1024

// add notes a violation of the value at the end of a path. value is how the
// text shows it, as Member.shown returns it.
func (v *violations) add(here *step, value, constraint string) {
	if v.full() {
		return
	}
	var b strings.Builder
	b.WriteString("Value")
	b.WriteString(value)
	b.WriteString(" at '")
	here.write(&b)
	b.WriteString("' failed to satisfy constraint: ")
	b.WriteString(constraint)
	v.texts = append(v.texts, b.String())
}

// write writes a path: members begin in lower case, and what is inside a list
// or a map is called a member, as in records.1.member.data.
func (s *step) write(b *strings.Builder) {
	if s.up != nil {
		s.up.write(b)
		b.WriteByte('.')
	}
	switch {
	case s.at > 0:
		b.WriteString(strconv.Itoa(s.at))
		b.WriteString(".member")
	case s.at < 0:
		b.WriteString(bounded(s.name))
		b.WriteString(".member")
	default:
		b.WriteString(strings.ToLower(s.name[:1]))
		b.WriteString(s.name[1:])
	}
}

// text returns the path as a text. A step of that name continues the path.
func (s *step) text() string {
	var b strings.Builder
	s.write(&b)
	return b.String()
}

// shown returns how a text shows the member's value: nothing where it is
// sensitive, else the value as Java prints it, and not much of it.
func (m *Member) shown(value any) string {
	if m.Sensitive || m.Schema.Sensitive || entriesSensitive(m.Schema) {
		return ""
	}
	var b strings.Builder
	b.WriteString(" '")
	show(&b, value)
	text := b.String()
	return " '" + bounded(text[2:]) + "'"
}

// entriesSensitive reports whether what a list or a map holds is sensitive.
func entriesSensitive(s *Schema) bool {
	switch s.Kind {
	case KindList:
		return s.Elem.Sensitive || s.Elem.Schema.Sensitive || entriesSensitive(s.Elem.Schema)
	case KindMap:
		return s.Key.Sensitive || s.Key.Schema.Sensitive || s.Elem.Sensitive || s.Elem.Schema.Sensitive || entriesSensitive(s.Elem.Schema)
	}
	return false
}

// show writes a value as Java prints it, and stops soon after maxShown bytes.
func show(b *strings.Builder, value any) {
	switch x := value.(type) {
	case string:
		b.WriteString(bounded(x))
	case *string:
		b.WriteString(bounded(*x))
	case float64:
		b.WriteString(decimal(x))
	case *[]byte:
		n := strconv.Itoa(len(*x))
		b.WriteString("java.nio.HeapByteBuffer[pos=0 lim=" + n + " cap=" + n + "]")
	case *bool:
		b.WriteString(strconv.FormatBool(*x))
	case *int32:
		b.WriteString(strconv.Itoa(int(*x)))
	case *int64:
		b.WriteString(strconv.FormatInt(*x, 10))
	case *float32:
		b.WriteString(decimal(float64(*x)))
	case *float64:
		b.WriteString(decimal(*x))
	case Struct:
		b.WriteString(x.Schema().Name)
	case List:
		b.WriteByte('[')
		for i := 0; i < x.Len() && b.Len() <= maxShown; i++ {
			if i > 0 {
				b.WriteString(", ")
			}
			show(b, x.At(i))
		}
		b.WriteByte(']')
	case Map:
		showMap(b, x)
	}
}

// errEnough ends a walk through a map.
var errEnough = errors.New("enough is shown")

func showMap(b *strings.Builder, m Map) {
	b.WriteByte('{')
	first := true
	_ = m.Range(func(k string, value any) error {
		if b.Len() > maxShown {
			return errEnough
		}
		if !first {
			b.WriteString(", ")
		}
		first = false
		b.WriteString(bounded(k))
		b.WriteByte('=')
		show(b, value)
		return nil
	})
	b.WriteByte('}')
}

// bounded cuts a text that is too long to be repeated, between characters.
func bounded(s string) string {
	if len(s) <= maxShown {
		return s
	}
	n := maxShown
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "..."
}

func decimal(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

func (s *Schema) lengthText(f fit) string {
	if f == tooShort {
		return "Member must have length greater than or equal to " + decimal(s.Min)
	}
	return "Member must have length less than or equal to " + decimal(s.Max)
}

func (s *Schema) patternText() string {
	return "Member must satisfy regular expression pattern: " + s.Pattern.Source
}

func (s *Schema) enumText() string {
	return "Member must satisfy enum value set: [" + strings.Join(s.Enum, ", ") + "]"
}

// allTexts lists a scalar's constraints, as AWS does where an entry of a list or
// a map violates one of them.
func (s *Schema) allTexts() string {
	var texts []string
	number := s.Kind == KindInt || s.Kind == KindLong || s.Kind == KindFloat || s.Kind == KindDouble
	switch {
	case number && s.HasMax:
		texts = append(texts, "Member must have value less than or equal to "+decimal(s.Max))
	case s.HasMax:
		texts = append(texts, s.lengthText(tooLong))
	}
	switch {
	case number && s.HasMin:
		texts = append(texts, "Member must have value greater than or equal to "+decimal(s.Min))
	case s.HasMin:
		texts = append(texts, s.lengthText(tooShort))
	}
	if s.Pattern != nil {
		texts = append(texts, s.patternText())
	}
	if s.Enum != nil {
		texts = append(texts, s.enumText())
	}
	return strings.Join(texts, ", ")
}
