package pebblestore

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/millrace/millrace/internal/store"
)

// The first byte of every key says what the row is. docs/format/store.md.
const (
	kindMeta          = 0x01 // name of a fact of the store
	kindPartitionName = 0x02 // name of a partition → partition row
	kindLogName       = 0x03 // name of a log → log row
	kindPartition     = 0x10 // partition id, key → value
	kindBlock         = 0x20 // log id, first, stamp, count, before → block
)

const rowVersion = 1

var (
	metaStarts = []byte("\x01starts") // how often the store was opened
	metaClock  = []byte("\x01clock")  // the latest wall time that was seen, ms
)

const (
	idPrefixLen = 1 + 8
	blockKeyLen = idPrefixLen + 8 + 8 + 4 + 8
	logRowLen   = 2 + 7*8
	partLen     = 3 * 8
)

func nameKey(kind byte, name string) []byte {
	return append(append(make([]byte, 0, 1+len(name)), kind), name...)
}

// appendID appends the prefix under which the rows of a partition or log lie.
func appendID(dst []byte, kind byte, id uint64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, kind), id)
}

// appendPosition appends a bound: it sorts before the block that starts at first
// and after every block that starts earlier.
func appendPosition(dst []byte, id uint64, first store.Position) []byte {
	return binary.BigEndian.AppendUint64(appendID(dst, kindBlock, id), uint64(first))
}

// blockKey is what the key of a block tells without its value, so that a search
// by position or time reads keys only.
type blockKey struct {
	first  store.Position
	stamp  int64  // ms since 1970
	count  uint32 // records
	before uint64 // stored bytes of the log before this block
}

func (k blockKey) end() store.Position { return k.first + store.Position(k.count) }

func (k blockKey) put(dst []byte, id uint64) {
	dst[0] = kindBlock
	binary.BigEndian.PutUint64(dst[1:], id)
	binary.BigEndian.PutUint64(dst[9:], uint64(k.first))
	binary.BigEndian.PutUint64(dst[17:], uint64(k.stamp))
	binary.BigEndian.PutUint32(dst[25:], k.count)
	binary.BigEndian.PutUint64(dst[29:], k.before)
}

var errBadKey = errors.New("malformed key")

func parseBlockKey(key []byte) (blockKey, error) {
	if len(key) != blockKeyLen || key[0] != kindBlock {
		return blockKey{}, errBadKey
	}
	return blockKey{
		first:  store.Position(binary.BigEndian.Uint64(key[9:])),
		stamp:  int64(binary.BigEndian.Uint64(key[17:])),
		count:  binary.BigEndian.Uint32(key[25:]),
		before: binary.BigEndian.Uint64(key[29:]),
	}, nil
}

// logRow is the row of a log in the catalogue. Its tip is the one at the last
// trim, seal or repair: blocks tell the present one, unless there are none since.
type logRow struct {
	id     uint64 // under which blocks are added
	sealed bool
	first  store.Position // horizon
	swept  store.Position // blocks that start before it are removed
	base   uint64         // stored bytes before swept
	tip    tip
	ended  []part // earlier parts, in order
}

// part is a part of a log whose end was damaged. The log went on under another
// id, so that no search of what came later meets the damage.
type part struct {
	id    uint64
	end   store.Position // where the next part begins; above every position that was given out
	stamp int64          // ms, not below that of any record of the part
}

// tip is the end of a log.
type tip struct {
	next  store.Position
	stamp int64  // ms, of the newest record; 0 where there was none
	bytes uint64 // stored bytes of all blocks that ever were
}

func (r logRow) encode() []byte {
	b := make([]byte, 0, logRowLen+len(r.ended)*partLen)
	b = append(b, rowVersion, 0)
	if r.sealed {
		b[1] = 1
	}
	b = binary.BigEndian.AppendUint64(b, r.id)
	b = binary.BigEndian.AppendUint64(b, uint64(r.first))
	b = binary.BigEndian.AppendUint64(b, uint64(r.swept))
	b = binary.BigEndian.AppendUint64(b, r.base)
	b = binary.BigEndian.AppendUint64(b, uint64(r.tip.next))
	b = binary.BigEndian.AppendUint64(b, uint64(r.tip.stamp))
	b = binary.BigEndian.AppendUint64(b, r.tip.bytes)
	for _, p := range r.ended {
		b = binary.BigEndian.AppendUint64(b, p.id)
		b = binary.BigEndian.AppendUint64(b, uint64(p.end))
		b = binary.BigEndian.AppendUint64(b, uint64(p.stamp))
	}
	return b
}

var errBadRow = errors.New("malformed row")

func parseLogRow(b []byte) (logRow, error) {
	if len(b) < logRowLen || (len(b)-logRowLen)%partLen != 0 || b[0] != rowVersion || b[1] > 1 {
		return logRow{}, errBadRow
	}
	u := func(i int) uint64 { return binary.BigEndian.Uint64(b[2+8*i:]) }
	row := logRow{
		id:     u(0),
		sealed: b[1] == 1,
		first:  store.Position(u(1)),
		swept:  store.Position(u(2)),
		base:   u(3),
		tip:    tip{next: store.Position(u(4)), stamp: int64(u(5)), bytes: u(6)},
	}
	for i := 7; 2+8*i < len(b); i += 3 {
		p := part{id: u(i), end: store.Position(u(i + 1)), stamp: int64(u(i + 2))}
		if n := len(row.ended); n > 0 && row.ended[n-1].end > p.end {
			return logRow{}, errBadRow
		}
		row.ended = append(row.ended, p)
	}
	return row, nil
}

func encodeNumber(n uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{rowVersion}, n)
}

func parseNumber(b []byte) (uint64, error) {
	if len(b) != 9 || b[0] != rowVersion {
		return 0, errBadRow
	}
	return binary.BigEndian.Uint64(b[1:]), nil
}

// fromMillis turns a stored stamp into a time; 0 is the zero time.
func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// prefixEnd returns the first key after all that start with prefix, nil where
// there is none.
func prefixEnd(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xff {
			end := append([]byte(nil), prefix[:i+1]...)
			end[i]++
			return end
		}
	}
	return nil
}
