package sqs

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
)

type given = map[string]sqsapi.MessageAttributeValue

// TestMessageAttributesMD5 has the vectors of the reference (sqs §5) and of AWS's
// recorded answers.
func TestMessageAttributesMD5(t *testing.T) {
	for want, g := range map[string]given{
		"235c5c510d26fb653d073faed50ae77c": {"timestamp": {DataType: api.Some("Number"), StringValue: api.Some("1493147359900")}},
		"d71a921f8f04518ebdac3ef7ce370b49": {
			"a": text("x"),
			"b": {DataType: api.Some("Binary"), BinaryValue: []byte{0, 1, 2}},
			"c": {DataType: api.Some("Number.int"), StringValue: api.Some("42")},
		},
		"ae7155c6026991b6d54b11589678bf9c": {"Foo": text("Bar")},
		"adb59cd4678ea5a855436b949cd07ab6": {"MyAttribute": text("foobar")},
	} {
		if got := pack(t, g).md5(); got != api.Some(want) {
			t.Errorf("md5 of %v = %q, want %q", g, got.V, want)
		}
	}
	if got := pack(t, nil).md5(); got.Set {
		t.Errorf("md5 of none = %q", got.V)
	}
}

// TestAttributesComeBack says that what was packed is shown.
func TestAttributesComeBack(t *testing.T) {
	for range 200 {
		g, size := make(given), 0
		for range rand.IntN(maxMessageAttributes + 1) {
			name := fmt.Sprintf("n%x", rand.Uint32())
			v := text(strings.Repeat("v", 1+rand.IntN(40)))
			if rand.IntN(2) == 0 {
				v = sqsapi.MessageAttributeValue{DataType: api.Some("Binary.x"), BinaryValue: []byte{byte(rand.Uint32()), 0}}
			}
			g[name] = v
		}
		for name, v := range g {
			size += len(name) + len(v.DataType.V) + len(v.StringValue.V) + len(v.BinaryValue)
		}
		packed := pack(t, g)
		if got := packed.show(); !packed.wellFormed() || !maps.EqualFunc(got, g, func(a, b sqsapi.MessageAttributeValue) bool { return reflect.DeepEqual(a, b) }) {
			t.Fatalf("%v comes back as %v", g, got)
		}
		if packed.size() != size {
			t.Fatalf("size = %d, want %d", packed.size(), size)
		}
		for n := range len(packed) {
			if rest := packed[:n]; n > 0 && rest.wellFormed() && len(rest.show()) == len(g) {
				t.Fatalf("the first %d bytes of %d are as good", n, len(packed))
			}
		}
	}
}

func TestPackAttributes(t *testing.T) {
	const (
		reserved = "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for internal use. Additionally, they cannot start or end with '.'."
		chars    = "Message (user) attributes name can only contain upper and lower score characters, digits, periods, hyphens and underscores. "
		bad      = "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
		list     = "Message attribute list values in SendMessage operation are not supported."
	)
	many := make(given)
	for i := range 11 {
		many[fmt.Sprint("n", i)] = text("v")
	}
	typed := func(dataType, v string) sqsapi.MessageAttributeValue {
		return sqsapi.MessageAttributeValue{DataType: api.Some(dataType), StringValue: api.Some(v)}
	}
	prefix := func(was string) string {
		return `Type for parameter MessageAttributes.Attribute_name.DataType must be prefixed with "String", "Binary", or "Number", but was: ` + was
	}
	for _, c := range []struct {
		given given
		text  string
	}{
		{given{"a.b-c_9": text("v"), "aws": text("v"), "Amazonas.x": text("v"), strings.Repeat("n", 256): text("v")}, ""},
		{given{"n": typed("String."+strings.Repeat("t", 249), "v")}, ""},
		{given{"n": typed("Number.java.lang.Integer", "-1.5e-10")}, ""},
		{many, "Number of message attributes [11] exceeds the allowed maximum [10]."},
		{given{"": text("v")}, "The request must contain non-empty message (user) attribute names."},
		{given{strings.Repeat("n", 257): text("v")}, "Message (user) attribute name must be shorter than 256 bytes."},
		{given{"a b": text("v")}, chars},
		{given{"größe§": text("v")}, chars},
		{given{"aWs.x": text("v")}, reserved},
		{given{"AMAZON.x": text("v")}, reserved},
		{given{".x": text("v")}, reserved},
		{given{"x.": text("v")}, reserved},
		{given{"x..y": text("v")}, reserved},
		{given{"n": {StringValue: api.Some("v")}}, "The message (user) attribute 'n' must contain a non-empty message attribute type."},
		{given{"n": typed("string", "v")}, prefix("string")},
		{given{"n": typed("Stringy", "v")}, prefix("Stringy")},
		{given{"n": typed("String."+strings.Repeat("t", 250), "v")}, "Message (user) attribute type must be shorter than 256 bytes."},
		{given{"n": typed("String.\x01", "v")}, bad},
		{given{"n": {DataType: api.Some("StringList"), StringListValues: []string{"v"}}}, list},
		{given{"n": {DataType: api.Some("BinaryList"), BinaryListValues: [][]byte{{1}}}}, list},
		{given{"n": text("")}, "Message (user) attribute 'n' must contain a non-empty value of type 'String'."},
		{given{"n": {DataType: api.Some("String"), BinaryValue: []byte{1}}}, "Message (user) attribute 'n' must contain a non-empty value of type 'String'."},
		{given{"n": typed("Number", "")}, "Message (user) attribute 'n' must contain a non-empty value of type 'Number'."},
		{given{"n": typed("Binary", "v")}, "Message (user) attribute 'n' must contain a non-empty value of type 'Binary'."},
		{given{"n": text("\x00")}, bad},
		{given{"n": typed("Number", "world")}, "Can't cast the value of message (user) attribute 'n' to a number."},
		{given{"b": text(""), "a": text("")}, "Message (user) attribute 'a' must contain a non-empty value of type 'String'."},
	} {
		code := ""
		if c.text != "" {
			code = "InvalidParameterValue"
		}
		_, err := packAttributes(c.given)
		wantError(t, fmt.Sprint(c.given), err, code, c.text)
	}
}
