package pebblestore

import (
	"bytes"
	"errors"
	"fmt"
	"iter"

	"github.com/cockroachdb/pebble/v2"
	"github.com/millrace/millrace/internal/store"
)

const (
	maxKeyBytes   = 4 << 10
	maxValueBytes = 16 << 20
)

// reader implements store.Reader over a snapshot or an indexed batch.
type reader struct {
	s       *Store
	from    pebble.Reader
	id      uint64
	version store.Version
	key     []byte // scratch for a prefixed key
}

func newReader(s *Store, from pebble.Reader, id uint64, v store.Version) *reader {
	return &reader{s: s, from: from, id: id, version: v}
}

func (r *reader) Version() store.Version { return r.version }

func (r *reader) prefixed(key []byte) []byte {
	r.key = append(appendID(r.key[:0], kindPartition, r.id), key...)
	return r.key
}

func (r *reader) Get(key []byte) ([]byte, error) {
	if r.id == 0 {
		return nil, store.ErrNotFound
	}
	value, closer, err := r.from.Get(r.prefixed(key))
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, store.ErrNotFound
	} else if err != nil {
		return nil, r.s.readError(r.id, key, err)
	}
	value = bytes.Clone(value)
	if value == nil {
		value = []byte{}
	}
	return value, closer.Close()
}

// bounds returns the keys of the store between which a range of the partition
// lies.
func (r *reader) bounds(from, to []byte) (lower, upper []byte) {
	lower = append(appendID(make([]byte, 0, idPrefixLen+len(from)), kindPartition, r.id), from...)
	if to == nil {
		return lower, prefixEnd(lower[:idPrefixLen])
	}
	return lower, append(appendID(make([]byte, 0, idPrefixLen+len(to)), kindPartition, r.id), to...)
}

func (r *reader) Scan(from, to []byte) iter.Seq2[store.KeyValue, error] {
	return r.scan(from, to, (*pebble.Iterator).First, (*pebble.Iterator).Next)
}

func (r *reader) ScanReverse(from, to []byte) iter.Seq2[store.KeyValue, error] {
	return r.scan(from, to, (*pebble.Iterator).Last, (*pebble.Iterator).Prev)
}

func (r *reader) scan(from, to []byte, first, step func(*pebble.Iterator) bool) iter.Seq2[store.KeyValue, error] {
	return func(yield func(store.KeyValue, error) bool) {
		if r.id == 0 || to != nil && bytes.Compare(from, to) >= 0 {
			return
		}
		var opts pebble.IterOptions
		opts.LowerBound, opts.UpperBound = r.bounds(from, to)
		it, err := r.from.NewIter(&opts)
		if err != nil {
			yield(store.KeyValue{}, r.s.readError(r.id, from, err))
			return
		}
		defer it.Close()
		for ok := first(it); ok; ok = step(it) {
			value, err := it.ValueAndErr()
			if err != nil {
				yield(store.KeyValue{}, r.s.readError(r.id, it.Key()[idPrefixLen:], err))
				return
			}
			if !yield(store.KeyValue{Key: it.Key()[idPrefixLen:], Value: value}, nil) {
				return
			}
		}
		if err := it.Error(); err != nil {
			yield(store.KeyValue{}, r.s.readError(r.id, from, err))
		}
	}
}

// tx implements store.Tx over an indexed batch.
type tx struct {
	reader
	batch  *pebble.Batch
	create string // name of a partition that has no row yet
	err    error  // the first write that was out of bounds
}

func newTx(s *Store, b *pebble.Batch, id uint64, v store.Version, create string) *tx {
	return &tx{reader: reader{s: s, from: b, id: id, version: v}, batch: b, create: create}
}

func (t *tx) Set(key, value []byte) {
	switch {
	case len(key) > maxKeyBytes:
		t.refuse(fmt.Errorf("key of %d bytes, at most %d are allowed", len(key), maxKeyBytes))
		return
	case len(value) > maxValueBytes:
		t.refuse(fmt.Errorf("value of %d bytes, at most %d are allowed", len(value), maxValueBytes))
		return
	}
	if t.create != "" {
		mustSet(t.batch, nameKey(kindPartitionName, t.create), encodeNumber(t.id))
		t.create = ""
	}
	mustSet(t.batch, t.prefixed(key), value)
}

func (t *tx) refuse(err error) {
	if t.err == nil {
		t.err = err
	}
}

func (t *tx) Delete(key []byte) {
	if t.create == "" {
		mustDelete(t.batch, t.prefixed(key))
	}
}

func (t *tx) DeleteRange(from, to []byte) {
	if t.create == "" && (to == nil || bytes.Compare(from, to) < 0) {
		lower, upper := t.bounds(from, to)
		mustDeleteRange(t.batch, lower, upper)
	}
}

// Writes to a batch in memory fail only for a batch over 4 GiB, which is a
// defect of the caller.

func mustSet(b *pebble.Batch, key, value []byte) { must(b.Set(key, value, nil)) }

func mustDelete(b *pebble.Batch, key []byte) { must(b.Delete(key, nil)) }

func mustDeleteRange(b *pebble.Batch, from, to []byte) { must(b.DeleteRange(from, to, nil)) }

func must(err error) {
	if err != nil {
		panic(err)
	}
}
