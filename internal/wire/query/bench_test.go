package query_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/query"
)

// BenchmarkDecode reads a map of ten entries of 1 KiB each, about what a
// SendMessageBatch is made of.
func BenchmarkDecode(b *testing.B) {
	var form bytes.Buffer
	for i := range 10 {
		fmt.Fprintf(&form, "Entries.entry.%d.Attribute=key-%d&Entries.entry.%d.Setting=%s&", i+1, i, i+1, strings.Repeat("a%2Fb", 205))
	}
	r := &wire.Request{Method: http.MethodPost, Body: make([]byte, form.Len())}
	b.SetBytes(int64(form.Len()))
	b.ReportAllocs()
	for b.Loop() {
		copy(r.Body, form.Bytes()) // decoding destroys it
		if err := (query.Codec{}).Decode(op, r, &bag{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	out := &bag{entries: map[string]string{}}
	for i := range 10 {
		out.entries[fmt.Sprintf("key-%d", i)] = strings.Repeat("a&bc", 256)
	}
	var w wire.Response
	b.ReportAllocs()
	for b.Loop() {
		w.Body = w.Body[:0]
		if err := (query.Codec{}).Encode(op, out, "id", &w); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(w.Body)))
}
