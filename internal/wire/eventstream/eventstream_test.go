package eventstream

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"io"
	"testing"
)

const maxLen = 1 << 20

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// initialResponse is the form recorded from AWS (reference kinesis-streams §6).
const initialResponse = "0000004500000035a382cc730d3a6d6573736167652d747970650700056576656e740b3a6576656e742d74797065070010" +
	"696e697469616c2d726573706f6e7365b7624dee"

func TestInitialResponseIsTheRecordedOne(t *testing.T) {
	if got := hex.EncodeToString(AppendInitialResponse(nil)); got != initialResponse {
		t.Errorf("got %s\nwant %s", got, initialResponse)
	}
}

// Messages without headers, with known checksums.
func TestPlainMessages(t *testing.T) {
	for payload, want := range map[string]string{
		"":              "000000100000000005c248eb7d98c8ff",
		"{'foo':'bar'}": "0000001d00000000fd528c5a7b27666f6f273a27626172277dc3653936",
	} {
		b := Begin(nil)
		Payload(b, 0)
		b = Finish(append(b, payload...), 0)
		if got := hex.EncodeToString(b); got != want {
			t.Errorf("%q: got %s, want %s", payload, got, want)
		}
	}
}

func TestWrittenMessagesReadBack(t *testing.T) {
	stream := AppendInitialResponse(nil)
	start := len(stream)
	stream = BeginEvent(stream, "SubscribeToShardEvent", "application/json")
	stream = Finish(append(stream, `{"Records":[]}`...), start)
	start = len(stream)
	stream = BeginException(stream, "ResourceInUseException", "application/json")
	stream = Finish(append(stream, `{"message":"taken over"}`...), start)

	want := []struct{ message, header, name, contentType, payload string }{
		{"event", ":event-type", "initial-response", "", ""},
		{"event", ":event-type", "SubscribeToShardEvent", "application/json", `{"Records":[]}`},
		{"exception", ":exception-type", "ResourceInUseException", "application/json", `{"message":"taken over"}`},
	}
	r := NewReader(bytes.NewReader(stream), maxLen)
	for _, w := range want {
		m, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if m.Header(":message-type") != w.message || m.Header(w.header) != w.name ||
			m.Header(":content-type") != w.contentType || string(m.Payload) != w.payload {
			t.Errorf("got %v %q, want %v", m.Headers, m.Payload, w)
		}
	}
	if _, err := r.Next(); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}

// message frames headers as they are given.
func message(headers, payload []byte) []byte {
	b := append(Begin(nil), headers...)
	Payload(b, 0)
	return Finish(append(b, payload...), 0)
}

func TestHeadersOfEveryType(t *testing.T) {
	headers := unhex(t, "01610001620101630207016403010201650400000001016605000000000000000101670600020a0b016807000178"+
		"016908000001a013accc38016a09000102030405060708090a0b0c0d0e0f")
	m, err := NewReader(bytes.NewReader(message(headers, nil)), maxLen).Next()
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Headers) != 10 {
		t.Fatalf("%d headers", len(m.Headers))
	}
	for i, h := range m.Headers {
		if int(h.Type) != i || h.Name != string(rune('a'+i)) {
			t.Errorf("header %d: %+v", i, h)
		}
	}
	if ms := binary.BigEndian.Uint64(m.Headers[8].Value); ms != 1787036486712 {
		t.Errorf("timestamp %d", ms)
	}
}

func TestDamagedMessagesAreRefused(t *testing.T) {
	sound := unhex(t, initialResponse)
	for i := range sound {
		b := bytes.Clone(sound)
		b[i] ^= 0x10
		if m, err := NewReader(bytes.NewReader(b), maxLen).Next(); !errors.Is(err, ErrChecksum) {
			t.Errorf("byte %d flipped: %v, %v", i, m, err)
		}
	}
	for n := 1; n < len(sound); n++ {
		if _, err := NewReader(bytes.NewReader(sound[:n]), maxLen).Next(); err != io.ErrUnexpectedEOF {
			t.Errorf("cut to %d: %v", n, err)
		}
	}
}

func TestLengthsAreChecked(t *testing.T) {
	prelude := func(total, headers uint32) []byte {
		b := binary.BigEndian.AppendUint32(nil, total)
		b = binary.BigEndian.AppendUint32(b, headers)
		return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	}
	tests := []struct {
		name string
		b    []byte
		want error
	}{
		{"over the limit", prelude(maxLen+1, 0), ErrTooLong},
		{"at the limit but cut", prelude(maxLen, 0), io.ErrUnexpectedEOF},
		{"shorter than itself", prelude(15, 0), ErrMalformed},
		{"headers beyond the end", prelude(100, 1<<32-1), ErrMalformed},
		{"header cut in its name", message([]byte{5, 'a'}, nil), ErrMalformed},
		{"header without a name", message([]byte{0, 0}, nil), ErrMalformed},
		{"header of no type", message([]byte{1, 'a', 10}, nil), ErrMalformed},
		{"header cut in its length", message([]byte{1, 'a', 7, 0}, nil), ErrMalformed},
		{"header cut in its value", message([]byte{1, 'a', 7, 0, 2, 'x'}, nil), ErrMalformed},
	}
	for _, test := range tests {
		if _, err := NewReader(bytes.NewReader(test.b), maxLen).Next(); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}

func TestAppendingNeedsNoMemory(t *testing.T) {
	buf := make([]byte, 0, 4096)
	payload := make([]byte, 1024)
	n := testing.AllocsPerRun(100, func() {
		b := BeginEvent(buf, "SubscribeToShardEvent", "application/x-amz-json-1.1")
		b = append(b, payload...)
		Finish(b, 0)
	})
	if n != 0 {
		t.Errorf("%v allocations a message", n)
	}
}

func FuzzReader(f *testing.F) {
	f.Add(unhex(f, initialResponse))
	f.Add(message(unhex(f, "01610001680700017801690800000000000000ff"), []byte("payload")))
	f.Add(unhex(f, "000000100000000005c248eb7d98c8ff000000100000000005c248eb7d98c8ff"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		r := NewReader(bytes.NewReader(stream), maxLen)
		for {
			m, err := r.Next()
			if err != nil {
				return
			}
			var headers []byte
			for _, h := range m.Headers {
				headers = append(append(append(headers, byte(len(h.Name))), h.Name...), byte(h.Type))
				if widths[h.Type] < 0 {
					headers = binary.BigEndian.AppendUint16(headers, uint16(len(h.Value)))
				}
				headers = append(headers, h.Value...)
			}
			again := message(headers, m.Payload)
			if !bytes.HasPrefix(stream, again) {
				t.Fatalf("read %+v, which is written as %x", m, again)
			}
			stream = stream[len(again):]
		}
	})
}

func BenchmarkAppendEvent(b *testing.B) {
	payload := make([]byte, 64<<10)
	var buf []byte
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		buf = BeginEvent(buf[:0], "SubscribeToShardEvent", "application/x-amz-json-1.1")
		buf = Finish(append(buf, payload...), 0)
	}
}
