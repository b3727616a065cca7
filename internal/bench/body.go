package bench

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"strconv"

	"github.com/millrace/millrace/internal/wire/cbor"
)

// newRandom returns a source of keys and data, the same for the same seed.
func newRandom(seed uint64) *rand.ChaCha8 {
	var s [32]byte
	for i := range 8 {
		s[i] = byte(seed >> (8 * i))
	}
	return rand.NewChaCha8(s)
}

// bodies makes bodies of requests.
type bodies struct {
	protocol Protocol
	stream   string
	size     int // bytes of a record's data
	random   *rand.ChaCha8
	number   int64 // one more than what the data begins with; 0: nothing
	data     []byte
}

// record fills b.data with random bytes and returns a random partition key.
func (b *bodies) record() (key string) {
	if b.data == nil {
		b.data = make([]byte, b.size)
	}
	_, _ = b.random.Read(b.data) // never fails
	if b.number > 0 {
		stampNumber(b.data, b.number-1)
	}
	var k [8]byte
	_, _ = b.random.Read(k[:])
	return hex.EncodeToString(k[:])
}

// mapOf begins a CBOR map of n members, at most 23.
func mapOf(out []byte, n byte) []byte { return append(out, 0xa0|n) }

func (b *bodies) putRecords(records int) []byte {
	if b.protocol == CBOR {
		out := mapOf(nil, 2)
		out = cbor.AppendText(cbor.AppendText(out, "StreamName"), b.stream)
		out = binary.BigEndian.AppendUint16(append(cbor.AppendText(out, "Records"), 0x99), uint16(records)) // an array
		for range records {
			out = b.entry(mapOf(out, 2))
		}
		return out
	}
	out := append([]byte(`{"StreamName":`), strconv.Quote(b.stream)...)
	out = append(out, `,"Records":[`...)
	for i := range records {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(b.entry(append(out, '{')), '}')
	}
	return append(out, "]}"...)
}

func (b *bodies) putRecord() []byte {
	if b.protocol == CBOR {
		return b.entry(cbor.AppendText(cbor.AppendText(mapOf(nil, 3), "StreamName"), b.stream))
	}
	out := append([]byte(`{"StreamName":`), strconv.Quote(b.stream)...)
	return append(b.entry(append(out, ',')), '}')
}

// entry appends the members of one record.
func (b *bodies) entry(out []byte) []byte {
	key := b.record()
	if b.protocol == CBOR {
		out = cbor.AppendBytes(cbor.AppendText(out, "Data"), b.data)
		return cbor.AppendText(cbor.AppendText(out, "PartitionKey"), key)
	}
	out = base64.StdEncoding.AppendEncode(append(out, `"Data":"`...), b.data)
	return append(out, `","PartitionKey":"`+key+`"`...)
}

func (b *bodies) getRecords(iterator string) []byte {
	if b.protocol == CBOR {
		return cbor.AppendText(cbor.AppendText(mapOf(nil, 1), "ShardIterator"), iterator)
	}
	return []byte(`{"ShardIterator":` + strconv.Quote(iterator) + `}`)
}
