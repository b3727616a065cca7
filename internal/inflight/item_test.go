package inflight

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"github.com/millrace/millrace/internal/store"
)

var items = []Item{
	{},
	{Visible: 1, Place: 1},
	{Visible: 1789000000000, Count: 3, First: 1788999999000, Last: 1788999999999, Lease: Lease{7, 12}, Place: 4},
	{Visible: math.MaxInt64, Count: math.MaxUint32, First: math.MaxInt64, Last: math.MaxInt64,
		Lease: Lease{math.MaxUint64, math.MaxUint64}, Place: math.MaxUint64},
}

func TestItemRoundTrip(t *testing.T) {
	for _, it := range items {
		it.ID = 9
		b := it.encode(nil)
		if got, err := decodeItem(9, b); err != nil || got != it {
			t.Errorf("%+v became %+v, %v", it, got, err)
		}
		if len(b) > itemSize {
			t.Errorf("%+v has %d bytes", it, len(b))
		}
		for n := range b {
			if _, err := decodeItem(9, b[:n]); !errors.Is(err, store.ErrCorrupt) {
				t.Errorf("%d bytes of %x: %v", n, b, err)
			}
		}
	}
}

func TestItemDamage(t *testing.T) {
	for name, row := range map[string][]byte{
		"version":          {2, 0, 0, 0, 0, 0, 0, 0},
		"trailing byte":    {1, 0, 0, 0, 0, 0, 0, 0, 0},
		"longer than need": {1, 0x81, 0, 0, 0, 0, 0, 0, 0},
		"negative visible": append(append([]byte{1}, bytes.Repeat([]byte{0xff}, 9)...), 1, 0, 0, 0, 0, 0, 0),
		"large count":      {1, 0, 0x80, 0x80, 0x80, 0x80, 0x10, 0, 0, 0, 0, 0},
		"overflow":         append(append([]byte{1}, bytes.Repeat([]byte{0xff}, 10)...), 1, 0, 0, 0, 0, 0, 0),
	} {
		if it, err := decodeItem(9, row); !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("%s: %+v, %v", name, it, err)
		}
	}
}

func FuzzItem(f *testing.F) {
	for _, it := range items {
		f.Add(it.encode(nil))
	}
	f.Add([]byte{1, 0x81, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		it, err := decodeItem(9, b)
		if err != nil {
			if !errors.Is(err, store.ErrCorrupt) {
				t.Fatalf("error %v", err)
			}
			return
		}
		if again := it.encode(nil); !bytes.Equal(again, b) {
			t.Fatalf("%x is %+v, which is written %x", b, it, again)
		}
	})
}
