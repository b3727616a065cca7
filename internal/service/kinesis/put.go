package kinesis

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/base/hash128"
	"github.com/millrace/millrace/internal/store"
)

// A stored record is the length of its partition key plus one as a uvarint (0:
// the record has none), the key, and the data (docs/format/kinesis.md).

// addRecord appends a record to a block.
func addRecord(b *store.Block, key api.Opt[string], data []byte) {
	var head [binary.MaxVarintLen64]byte
	n := 0
	if key.Set {
		n = len(key.V) + 1
	}
	b.Add(head[:binary.PutUvarint(head[:], uint64(n))], unsafe.Slice(unsafe.StringData(key.V), len(key.V)), data)
}

// splitRecord reverses addRecord; the parts alias b.
func splitRecord(b []byte) (key api.Opt[string], data []byte, err error) {
	n, w := binary.Uvarint(b)
	if w <= 0 || n > uint64(len(b)-w)+1 {
		return key, nil, store.ErrCorrupt
	}
	b = b[w:]
	if n == 0 {
		return key, b, nil
	}
	k := b[:n-1]
	return api.Some(unsafe.String(unsafe.SliceData(k), len(k))), b[n-1:], nil
}

// place returns the hash that decides the shard of a record.
func place(st *streamState, key, explicit api.Opt[string]) (hash128.Hash, error) {
	switch {
	case st.AutoDistribution:
		return spread(), nil
	case explicit.Set:
		h, err := hash128.Parse(explicit.V)
		if err != nil {
			return h, kinesisapi.ErrInvalidArgumentException.New("Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was %s", explicit.V)
		}
		return h, nil
	case key.Set:
		return hash128.OfKey(key.V), nil
	}
	return hash128.Hash{}, api.ErrValidation.New("1 validation error detected: Value null at 'partitionKey' failed to satisfy constraint: Member must not be null")
}

// spreading is the state of spread.
var spreading atomic.Uint64

// spread returns hashes that visit all parts of the hash space evenly, for
// streams that distribute their records by themselves: multiples of the golden
// ratio's fraction of the space.
func spread() hash128.Hash {
	const golden = 0x9e3779b97f4a7c15
	return hash128.Hash{Hi: spreading.Add(1) * golden}
}

// recordSize is what counts against the limits of a record and of a shard.
func recordSize(key api.Opt[string], data []byte) int { return len(key.V) + len(data) }

// checkRecord refuses a record that is larger than the stream takes. path names
// its data in the text.
func checkRecord(st *streamState, key api.Opt[string], data []byte, path func() string) error {
	limit := int(st.MaxRecordKiB) << 10
	if recordSize(key, data) <= limit {
		return nil
	}
	return api.ErrValidation.New("1 validation error detected: Value 'java.nio.HeapByteBuffer[pos=0 lim=%d cap=%d]' at '%s' failed to satisfy constraint: Member must have length less than or equal to %d",
		len(data), len(data), path(), limit)
}

// encryptionType is what answers say of a stream's encryption: nothing where
// there is none.
func encryptionType(st *streamState) api.Opt[string] {
	if st.Key == 0 {
		return api.Opt[string]{}
	}
	return api.Some(kinesisapi.EncryptionTypeKms)
}

// admit takes a record's share of its shard's capacity.
func (rt *shardRuntime) admit(now time.Time, size int) bool {
	if rt.writeBytes.rate == 0 {
		return true
	}
	if !rt.writeRecords.take(now, 1) {
		return false
	}
	if !rt.writeBytes.take(now, float64(size)) {
		rt.writeRecords.put(1)
		return false
	}
	return true
}

// throttled is the answer to a write or read beyond a shard's capacity.
func throttledMessage(st *streamState, shard string) string {
	return "Rate exceeded for shard " + shard + " in stream " + st.key.name + " under account " + st.key.account + "."
}

// writing are the statuses in which a stream takes records.
func writable(st *streamState) error {
	if st.Status == creating {
		return streamNotFound(st.key)
	}
	return nil
}

// batch is the part of a request that goes to one shard.
type batch struct {
	shard   *shard
	block   store.Block
	entries []int32 // indexes of the request's entries
	size    int     // bytes of data and keys
	// throttled counts the entries that the shard's capacity refused.
	throttled int

	appended store.Appended
	err      error
	group    *group
	done     func(store.Appended, error)
}

// group waits for the batches of one request.
type group struct {
	hashes  []hash128.Hash // of the request's entries
	batches []*batch
	used    int
	// places finds the batch of a shard: an open-addressed table by the shard's
	// index of positions in batches, each one more than it is; 0 is free.
	places [1 << placeBits]int16
	left   atomic.Int32
	woken  chan struct{} // holds one when left has become 0
}

// placeBits makes room for twice the 500 shards that a request can name at most.
const placeBits = 10

var groups = sync.Pool{New: func() any { return &group{woken: make(chan struct{}, 1)} }}

// batch returns the batch for a shard, an empty one the first time.
func (g *group) batch(sh *shard) *batch {
	at := sh.Index * 0x9e3779b1 >> (32 - placeBits) // the golden ratio's fraction spreads neighbours
	for ; g.places[at] != 0; at = (at + 1) % (1 << placeBits) {
		if b := g.batches[g.places[at]-1]; b.shard == sh {
			return b
		}
	}
	if g.used == len(g.batches) {
		b := &batch{group: g}
		b.done = func(a store.Appended, err error) {
			b.appended, b.err = a, err
			if b.group.left.Add(-1) == 0 {
				b.group.woken <- struct{}{}
			}
		}
		g.batches = append(g.batches, b)
	}
	b := g.batches[g.used]
	g.used++
	g.places[at] = int16(g.used)
	b.shard, b.size, b.throttled, b.entries = sh, 0, 0, b.entries[:0]
	b.block.Reset()
	return b
}

// restart forgets the batches, for what is to be routed again.
func (g *group) restart() {
	g.used = 0
	clear(g.places[:])
}

// write appends all batches and waits until each is durable or has failed. A
// batch whose shard cannot be opened fails alone.
func (g *group) write(ctx context.Context, st *streamState) {
	g.left.Store(int32(g.used) + 1)
	for _, b := range g.batches[:g.used] {
		if b.block.Count() == 0 {
			b.done(store.Appended{}, nil)
			continue
		}
		b.block.Key, b.block.NotBefore = st.Key, b.shard.Stamps
		log, err := b.shard.runtime.log(ctx)
		if err != nil {
			b.done(store.Appended{}, err)
			continue
		}
		log.Append(&b.block, b.done)
	}
	if g.left.Add(-1) != 0 {
		<-g.woken
	}
	if g.used > 0 {
		g.batches[0].shard.runtime.stream.arrived()
	}
}

// maxKept is how much memory the blocks of a pooled group may hold together: those
// of a request of 10 MiB, with the room in which they grew.
const maxKept = 16 * mib

func (g *group) release() {
	kept, size := 0, 0
	for _, b := range g.batches {
		b.shard = nil
		if size += cap(b.block.Bytes()); size <= maxKept {
			kept++
		}
	}
	clear(g.batches[kept:])
	g.batches, g.hashes = g.batches[:kept], g.hashes[:0]
	g.restart()
	groups.Put(g)
}

// moved reports whether a batch failed because a reshard closed its shard, so
// that its records belong to the children.
func (b *batch) moved() bool { return errors.Is(b.err, store.ErrSealed) }

// count reports a batch to the metrics.
func (s *Service) count(st *streamState, b *batch) {
	k := st.key
	if st.OnDemand {
		b.shard.runtime.stream.meter.add(s.o.Clock.Now(), b.size, len(b.entries))
	}
	s.o.Metrics.Put(k.account, k.region, k.name, b.shard.id, st.ShardMetrics, len(b.entries), b.size, b.throttled)
}
