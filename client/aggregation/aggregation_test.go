package aggregation

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// four is what the Python writer of the format (aws-kinesis-agg 1.2.3) makes of
// fourRecords.
const four = "f3899ac2" +
	"0a05616c706861" + "0a0462657461" + "0a02c3a9" +
	"1227313730313431313833343630343639323331373331363837333033373135383834313035373238" +
	"1a0708001a036f6e65" + "1a09080110001a0374776f" + "1a0408001a00" + "1a0708021a0300ff01" +
	"8ee24f483c509e5447664e5e278dbe59"

var fourRecords = []Record{
	{PartitionKey: "alpha", Data: []byte("one")},
	{PartitionKey: "beta", ExplicitHashKey: "170141183460469231731687303715884105728", Data: []byte("two")},
	{PartitionKey: "alpha", Data: []byte{}},
	{PartitionKey: "é", Data: []byte{0, 255, 1}},
}

func golden(t testing.TB) []byte {
	t.Helper()
	b, err := hex.DecodeString(four)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func build(records []Record) Record {
	var b Builder
	for _, r := range records {
		b.Add(r)
	}
	return b.Build()
}

func TestBuildsWhatOthersBuild(t *testing.T) {
	got := build(fourRecords)
	if !bytes.Equal(got.Data, golden(t)) {
		t.Errorf("data %x", got.Data)
	}
	// MD5 of "alpha" is 2c1743a391305fbf367df8e4f069f9f9.
	if got.PartitionKey != "a" || got.ExplicitHashKey != "58606826522850340945736240254012750329" {
		t.Errorf("key %q, hash key %q", got.PartitionKey, got.ExplicitHashKey)
	}
}

func TestOpensWhatOthersBuild(t *testing.T) {
	got, ok := Open(golden(t))
	if !ok || !reflect.DeepEqual(got, fourRecords) {
		t.Errorf("%v, %q", ok, got)
	}
}

func TestOneRecordStaysAsItIs(t *testing.T) {
	if got := build(fourRecords[1:2]); !reflect.DeepEqual(got, fourRecords[1]) {
		t.Errorf("%+v", got)
	}
	if got := build(nil); !reflect.DeepEqual(got, Record{}) {
		t.Errorf("of none: %+v", got)
	}
}

func TestNotAggregated(t *testing.T) {
	whole := golden(t)
	flipped := bytes.Clone(whole)
	flipped[9] ^= 1
	for name, data := range map[string][]byte{
		"empty": nil, "short": whole[:3], "magic only": whole[:4], "no message": whole[:20],
		"cut": whole[:len(whole)-1], "a bit flipped": flipped, "no magic": whole[4:], "text": []byte(strings.Repeat("hello ", 10)),
	} {
		if records, ok := Open(data); ok {
			t.Errorf("%s: opened as %q", name, records)
		}
	}
}

func TestRightSumOfAWrongMessage(t *testing.T) {
	for name, message := range map[string]string{
		"index outside the table":      "0a0161" + "1a0508011a0162",
		"hash index outside the table": "0a0161" + "1a070800" + "1000" + "1a0162",
		"no key":                       "0a0161" + "1a031a0162",
		"no data":                      "0a0161" + "1a020800",
		"length past the end":          "0a7f61",
		"group":                        "0b",
		"field 0":                      "0201aa",
		"key that is not UTF-8":        "0a01ff",
	} {
		b, err := hex.DecodeString(message)
		if err != nil {
			t.Fatal(err)
		}
		if records, ok := Open(frame(b)); ok {
			t.Errorf("%s: opened as %q", name, records)
		}
	}
}

func TestUnknownFieldsAreSkipped(t *testing.T) {
	// A tag (field 4), a varint, 64 and 32 bits, and the table behind the records.
	b, err := hex.DecodeString("1a0b08001a0162" + "22040a026b31" + "0a0161" + "2801" + "31" + "0102030405060708" + "3d" + "01020304")
	if err != nil {
		t.Fatal(err)
	}
	got, ok := Open(frame(b))
	if want := []Record{{PartitionKey: "a", Data: []byte("b")}}; !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %q", ok, got)
	}
}

// frame makes an aggregated record of a message.
func frame(message []byte) []byte {
	sum := md5.Sum(message)
	return slices.Concat([]byte(magic), message, sum[:])
}

func TestSizesAreForetold(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var b Builder
		for range 1 + r.IntN(300) {
			rec := Record{PartitionKey: strings.Repeat("k", 1+r.IntN(200)), Data: make([]byte, r.IntN(300))}
			if r.IntN(3) == 0 {
				rec.ExplicitHashKey = strings.Repeat("9", 1+r.IntN(30))
			}
			foretold := b.SizeWith(rec)
			b.Add(rec)
			if foretold != b.Size() {
				t.Fatalf("foretold %d, is %d", foretold, b.Size())
			}
		}
		if n := b.Len(); n > 1 {
			if data := b.Build().Data; len(data) != b.Size() {
				t.Fatalf("%d records: Size %d, length %d", n, b.Size(), len(data))
			}
		}
		b.Reset()
		if b.Len() != 0 || b.Size() != 20 {
			t.Fatal("Reset left something")
		}
	}
}

func FuzzOpen(f *testing.F) {
	whole := golden(f)
	f.Add(whole[4 : len(whole)-16])
	f.Add([]byte{})
	f.Add([]byte{0x1a, 0x00})
	f.Fuzz(func(t *testing.T, message []byte) {
		Open(message)
		records, ok := Open(frame(message))
		if !ok || len(records) < 2 {
			return
		}
		again, ok := Open(build(records).Data)
		if !ok || !reflect.DeepEqual(again, records) {
			t.Errorf("%q came back as %q", records, again)
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	var build Builder
	for i := range 500 {
		build.Add(Record{PartitionKey: "key" + string(rune('a'+i%20)), Data: make([]byte, 80)})
	}
	data := build.Build().Data
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := Open(data); !ok {
			b.Fatal("not opened")
		}
	}
}
