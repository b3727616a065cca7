package inflight

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/millrace/millrace/internal/store"
)

// Item is what is known of one thing that was delivered or delayed, and is not
// settled. Times are milliseconds since 1970, and not negative.
type Item struct {
	ID      uint64
	Visible int64  // when it may be delivered, again or for the first time
	Count   uint32 // how often it was received
	First   int64  // when it was received first; 0 for never
	Last    int64  // when it was received last; 0 for never
	Lease   Lease  // of the last receive
	// Place is the caller's: where the contents are. It is kept as it is.
	Place uint64
}

// Lease tells one receive of an item from every other, for as long as the item is
// there. A receipt handle carries it. Epoch is that of the partition's ownership,
// so that a lease which a crash took back (as --fsync=interval allows) is not
// given out again.
type Lease struct {
	Epoch uint64
	N     uint64
}

// Delivered reports whether the item was ever received.
func (it *Item) Delivered() bool { return it.Count > 0 }

const itemVersion = 1

// itemSize is the most that an item's row takes.
const itemSize = 1 + 7*binary.MaxVarintLen64

// encode appends the item's row to b. There is one row for an item.
func (it *Item) encode(b []byte) []byte {
	b = append(b, itemVersion)
	b = binary.AppendUvarint(b, uint64(it.Visible))
	b = binary.AppendUvarint(b, uint64(it.Count))
	b = binary.AppendUvarint(b, uint64(it.First))
	b = binary.AppendUvarint(b, uint64(it.Last))
	b = binary.AppendUvarint(b, it.Lease.Epoch)
	b = binary.AppendUvarint(b, it.Lease.N)
	return binary.AppendUvarint(b, it.Place)
}

// decodeItem reads the row of an item. What encode does not write is damage.
func decodeItem(id uint64, b []byte) (Item, error) {
	damaged := func() (Item, error) { return Item{}, fmt.Errorf("%w: item %d", store.ErrCorrupt, id) }
	if len(b) == 0 || b[0] != itemVersion {
		return damaged()
	}
	b = b[1:]
	var f [7]uint64
	for i := range f {
		v, n := binary.Uvarint(b)
		if n <= 0 || n > 1 && b[n-1] == 0 {
			return damaged()
		}
		f[i], b = v, b[n:]
	}
	if len(b) > 0 || max(f[0], f[2], f[3]) > math.MaxInt64 || f[1] > math.MaxUint32 {
		return damaged()
	}
	return Item{
		ID: id, Visible: int64(f[0]), Count: uint32(f[1]), First: int64(f[2]), Last: int64(f[3]),
		Lease: Lease{f[4], f[5]}, Place: f[6],
	}, nil
}
