package sqs

import (
	"crypto/md5"
	"encoding/binary"
	"iter"
	"slices"
	"strings"
	"unicode"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
)

// messageAttributes are the attributes of a message in the form of which clients
// take the MD5 (reference sqs §5), which is also the form in which they are
// stored: sorted by name, each as name, data type, a byte that tells text from
// binary, and value; lengths are 4 bytes, big-endian. Nil for none.
type messageAttributes []byte

// Kinds of values in that form.
const (
	textValue   = 1 // of String and Number
	binaryValue = 2
)

// attributeOverhead is what an attribute has beside name, type and value.
const attributeOverhead = 4 + 4 + 1 + 4

const (
	maxMessageAttributes = 10
	maxAttributeName     = 256 // bytes, of its type too
)

// attribute is one of messageAttributes, whose memory it aliases.
type attribute struct {
	name, dataType string
	kind           byte
	value          []byte
	packed         []byte // all of it
}

// all walks the attributes, which are well-formed.
func (a messageAttributes) all() iter.Seq[attribute] {
	return func(yield func(attribute) bool) {
		for len(a) > 0 {
			at, rest, ok := a.cut()
			if !ok || !yield(at) {
				return
			}
			a = rest
		}
	}
}

// cut splits off the first attribute, and reports whether it is one.
func (a messageAttributes) cut() (at attribute, rest messageAttributes, ok bool) {
	d := fieldReader{rest: a}
	at.name = textOf(d.field())
	at.dataType = textOf(d.field())
	if len(d.rest) == 0 {
		return attribute{}, nil, false
	}
	at.kind, d.rest = d.rest[0], d.rest[1:]
	at.value = d.field()
	if d.damaged || at.kind != textValue && at.kind != binaryValue {
		return attribute{}, nil, false
	}
	at.packed = a[:len(a)-len(d.rest)]
	return at, d.rest, true
}

// fieldReader reads fields behind their lengths. What is asked for behind damage
// is empty.
type fieldReader struct {
	rest    []byte
	damaged bool
}

func (d *fieldReader) field() []byte {
	if len(d.rest) >= 4 {
		if n := uint64(binary.BigEndian.Uint32(d.rest)) + 4; n <= uint64(len(d.rest)) {
			f := d.rest[4:n:n]
			d.rest = d.rest[n:]
			return f
		}
	}
	d.damaged, d.rest = true, nil
	return nil
}

// wellFormed reports whether a is what pack makes, as far as its form goes.
func (a messageAttributes) wellFormed() bool {
	for last := ""; len(a) > 0; {
		at, rest, ok := a.cut()
		if !ok || at.name <= last {
			return false
		}
		a, last = rest, at.name
	}
	return true
}

// size is what the attributes count towards MaximumMessageSize, in bytes.
func (a messageAttributes) size() (n int) {
	for at := range a.all() {
		n += len(at.packed) - attributeOverhead
	}
	return n
}

// md5 returns MD5OfMessageAttributes, which is absent where there are none.
func (a messageAttributes) md5() api.Opt[string] {
	if len(a) == 0 {
		return api.Opt[string]{}
	}
	return api.Some(hexMD5(md5.Sum(a)))
}

// show returns the attributes as they are answered, in the memory of a; nil for
// none.
func (a messageAttributes) show() map[string]sqsapi.MessageAttributeValue {
	if len(a) == 0 {
		return nil
	}
	out := make(map[string]sqsapi.MessageAttributeValue)
	for at := range a.all() {
		v := sqsapi.MessageAttributeValue{DataType: api.Some(at.dataType)}
		if at.kind == binaryValue {
			v.BinaryValue = at.value
		} else {
			v.StringValue = api.Some(textOf(at.value))
		}
		out[at.name] = v
	}
	return out
}

// appendAttribute appends one in its packed form.
func appendAttribute(b []byte, name, dataType string, kind byte, value string) []byte {
	b = append(binary.BigEndian.AppendUint32(b, uint32(len(name))), name...)
	b = append(binary.BigEndian.AppendUint32(b, uint32(len(dataType))), dataType...)
	b = append(b, kind)
	return append(binary.BigEndian.AppendUint32(b, uint32(len(value))), value...)
}

// packAttributes checks the attributes with which a message is sent, and packs
// them.
func packAttributes(given map[string]sqsapi.MessageAttributeValue) (messageAttributes, error) {
	if len(given) == 0 {
		return nil, nil
	}
	if len(given) > maxMessageAttributes {
		return nil, invalidParameter("Number of message attributes [%d] exceeds the allowed maximum [%d].", len(given), maxMessageAttributes)
	}
	var room [maxMessageAttributes]string
	names, size := room[:0], 0
	for name, v := range given {
		names = append(names, name)
		size += attributeOverhead + len(name) + len(v.DataType.V) + len(v.StringValue.V) + len(v.BinaryValue)
	}
	slices.Sort(names)
	packed := make(messageAttributes, 0, size)
	for _, name := range names {
		v := given[name]
		if err := checkAttributeName(name); err != nil {
			return nil, err
		}
		kind, value, err := attributeValue(name, &v)
		if err != nil {
			return nil, err
		}
		packed = appendAttribute(packed, name, v.DataType.V, kind, value)
	}
	return packed, nil
}

// checkAttributeName checks the name of an attribute of a message.
func checkAttributeName(name string) error {
	switch {
	case name == "":
		return invalidParameter("The request must contain non-empty message (user) attribute names.")
	case len(name) > maxAttributeName:
		return invalidParameter("Message (user) attribute name must be shorter than 256 bytes.")
	case strings.IndexFunc(name, func(r rune) bool { return !attributeNameRune(r) }) >= 0:
		return invalidParameter("Message (user) attributes name can only contain upper and lower score characters, digits, periods, hyphens and underscores. ")
	}
	lower := strings.ToLower(name)
	if strings.HasPrefix(lower, "aws.") || strings.HasPrefix(lower, "amazon.") ||
		name[0] == '.' || name[len(name)-1] == '.' || strings.Contains(name, "..") {
		return invalidParameter("You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for internal use. Additionally, they cannot start or end with '.'.")
	}
	return nil
}

// attributeNameRune reports whether the name of an attribute can have the
// character: AWS takes letters of any language, though it documents ASCII.
func attributeNameRune(r rune) bool {
	return unicode.IsLetter(r) || r >= '0' && r <= '9' || r == '_' || r == '-' || r == '.'
}

// attributeValue checks the value of an attribute of a message, and returns its
// kind and its bytes.
func attributeValue(name string, v *sqsapi.MessageAttributeValue) (kind byte, value string, err error) {
	if len(v.StringListValues) > 0 || len(v.BinaryListValues) > 0 {
		return 0, "", invalidParameter("Message attribute list values in SendMessage operation are not supported.")
	}
	dataType := v.DataType.V
	base, _, _ := strings.Cut(dataType, ".")
	switch {
	case dataType == "":
		return 0, "", invalidParameter("The message (user) attribute '%s' must contain a non-empty message attribute type.", name)
	case len(dataType) > maxAttributeName:
		return 0, "", invalidParameter("Message (user) attribute type must be shorter than 256 bytes.")
	case base != "String" && base != "Number" && base != "Binary":
		return 0, "", invalidParameter(`Type for parameter MessageAttributes.Attribute_name.DataType must be prefixed with "String", "Binary", or "Number", but was: %s`, dataType)
	case !validText(dataType):
		return 0, "", invalidParameter(invalidCharacters)
	}
	kind, value = textValue, v.StringValue.V
	if base == "Binary" {
		kind, value = binaryValue, textOf(v.BinaryValue)
	}
	switch {
	case value == "":
		return 0, "", invalidParameter("Message (user) attribute '%s' must contain a non-empty value of type '%s'.", name, base)
	case kind == textValue && !validText(value):
		return 0, "", invalidParameter(invalidCharacters)
	case base == "Number" && !isNumber(value):
		return 0, "", invalidParameter("Can't cast the value of message (user) attribute '%s' to a number.", name)
	}
	return kind, value, nil
}
