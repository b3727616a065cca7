package sqs

import (
	"bytes"
	"crypto/md5"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
	"github.com/millrace/millrace/internal/store"
)

func text(s string) sqsapi.MessageAttributeValue {
	return sqsapi.MessageAttributeValue{DataType: api.Some("String"), StringValue: api.Some(s)}
}

func pack(t testing.TB, given map[string]sqsapi.MessageAttributeValue) messageAttributes {
	t.Helper()
	packed, err := packAttributes(given)
	if err != nil {
		t.Fatal(err)
	}
	return packed
}

// someMessage is a message with every field.
func someMessage(t testing.TB) message {
	body := "{\"a\":\"b\"}\r\n\U0001F600"
	return message{
		id:         messageID{1, 2, 3, 15: 255},
		sent:       1_800_000_000_123,
		sender:     "AIDAEXAMPLE:session",
		body:       body,
		bodyMD5:    md5.Sum([]byte(body)),
		attributes: pack(t, map[string]sqsapi.MessageAttributeValue{"a": text("x"), "b": {DataType: api.Some("Binary.gif"), BinaryValue: []byte{0, 1, 2}}}),
		trace:      "Root=1-5759e988-bd862e3fe1be46a994272793",
		group:      "group",
		dedup:      "dedup",
		source:     "arn:aws:sqs:eu-west-1:123456789012:orders",
		received:   math.MaxUint32,
		first:      1_800_000_000_456,
	}
}

func TestMessage(t *testing.T) {
	full := someMessage(t)
	for _, m := range []message{full, {body: "x"}, {}} {
		got, err := decodeMessage(m.encode(nil))
		if err != nil {
			t.Fatal(err)
		}
		// An absent field comes back empty, which may be of the row's memory.
		if len(got.attributes) == 0 {
			got.attributes = nil
		}
		if !reflect.DeepEqual(got, m) {
			t.Errorf("decoded %+v\nwant %+v", got, m)
		}
	}
	row := full.encode(nil)
	if n := cap(row) - len(row); n > 100 {
		t.Errorf("%d bytes of the row are unused", n)
	}
	for n := range len(row) - len(full.body) {
		if m, err := decodeMessage(row[:n]); !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("the first %d bytes are %+v, %v", n, m, err)
		}
	}
	row[0]++
	if m, err := decodeMessage(row); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("another version is %+v, %v", m, err)
	}
}

// TestDecodeAliases says that a body is not copied.
func TestDecodeAliases(t *testing.T) {
	m := message{body: strings.Repeat("b", 1<<20)}
	row := m.encode(nil)
	if n := testing.AllocsPerRun(10, func() {
		if _, err := decodeMessage(row); err != nil {
			t.Error(err)
		}
	}); n > 1 {
		t.Errorf("%v allocations", n)
	}
	got, err := decodeMessage(row)
	if err != nil || &bytesOf(got.body)[0] != &row[len(row)-len(m.body)] {
		t.Errorf("the body is a copy, %v", err)
	}
}

func FuzzMessage(f *testing.F) {
	full := someMessage(f)
	f.Add(full.encode(nil))
	f.Add((&message{body: "x"}).encode(nil))
	f.Add([]byte{messageVersion})
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := decodeMessage(bytes.Clone(b))
		if err != nil {
			if !errors.Is(err, store.ErrCorrupt) {
				t.Fatal(err)
			}
			return
		}
		m.attributes.show()
		m.attributes.size()
		again, err := decodeMessage(m.encode(nil))
		if err != nil || !reflect.DeepEqual(m, again) {
			t.Fatalf("%+v comes back as %+v, %v", m, again, err)
		}
	})
}

func TestValidText(t *testing.T) {
	for s, want := range map[string]bool{
		"":                                   true,
		"\t\n\r ~\x7f":                       true,
		"\u0080\ud7ff\ue000\ufffd":           true,
		"\U00010000\U0010ffff":               true,
		"\x00":                               false,
		"a\x0b":                              false,
		"a\x1fb":                             false,
		"\ufffe":                             false,
		"\uffff":                             false,
		"\xed\xa0\x80":                       false, // U+D800, a surrogate
		"\xff":                               false,
		"\xc3":                               false,
		"\xc0\x80":                           false, // overlong
		"\xf4\x90\x80\x80":                   false, // beyond Unicode
		strings.Repeat("a", 1000) + "\x01":   false,
		strings.Repeat("ü", 1000) + "\ufffd": true,
	} {
		for _, before := range []int{0, 1, 7, 8, 9} {
			s := strings.Repeat("~", before) + s + strings.Repeat(" ", 9)
			if got := validText(s); got != want {
				t.Errorf("validText(%+q) = %v", s, got)
			}
		}
	}
	for c := range 256 { // alone, and at each place among others
		for at := range 17 {
			b := []byte("abcdefghijklmnopq")
			b[at] = byte(c)
			want := c == '\t' || c == '\n' || c == '\r' || c >= ' ' && c < 0x80
			if got := validText(string(b)); got != want {
				t.Errorf("validText(%+q) = %v", b, got)
			}
		}
	}
}

func TestCheckBody(t *testing.T) {
	wantError(t, "a body", checkBody("x"), "", "")
	wantError(t, "no body", checkBody(""), "MissingParameter", "The request must contain the parameter MessageBody.")
	wantError(t, "a bad body", checkBody("\x01"), "InvalidMessageContents", "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF")
}

// TestMessageSize goes to the boundary of the reference: the limit is accepted.
func TestMessageSize(t *testing.T) {
	const most = 1 << 20
	attributes := pack(t, map[string]sqsapi.MessageAttributeValue{
		"n": {DataType: api.Some("Number"), StringValue: api.Some("12")},           // 1 + 6 + 2
		"b": {DataType: api.Some("Binary"), BinaryValue: []byte{1, 2, 3}},          // 1 + 6 + 3
		"s": {DataType: api.Some("String.ü"), StringValue: api.Some("\U0001F600")}, // 1 + 9 + 4
	})
	const size = 9 + 10 + 14
	body := strings.Repeat("b", most-size)
	if got := messageSize(body, attributes); got != most {
		t.Fatalf("messageSize = %d, want %d", got, most)
	}
	wantError(t, "the limit", checkSize(messageSize(body, attributes), most), "", "")
	wantError(t, "the limit", checkEntrySize(messageSize(body, attributes), most), "", "")
	wantError(t, "more", checkSize(messageSize(body+"b", attributes), most), "InvalidParameterValue", "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.")
	wantError(t, "more", checkEntrySize(1025, 1024), "InvalidParameterValue", "One or more parameters cannot be validated. Reason: Message must be shorter than 1024 bytes.")
}

func BenchmarkMessage(b *testing.B) {
	m := message{body: strings.Repeat("b", 256), sender: testAccount, sent: rand.Int64N(1 << 44)}
	b.ReportAllocs()
	for b.Loop() {
		row := m.encode(nil)
		if _, err := decodeMessage(row); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkValidText(b *testing.B) {
	s := strings.Repeat("b", 256)
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		if !validText(s) {
			b.Fatal("invalid")
		}
	}
}
