package memstore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sort"
	"time"

	"github.com/millrace/millrace/internal/store"
)

// block is a block of a log. It is never modified once it is durable.
type block struct {
	first   store.Position
	count   int
	stamp   time.Time
	key     store.KeyID
	context []byte // what the encryption is bound to
	data    []byte // as store.Block lays it out, encrypted under key
	damaged bool
}

func (b *block) end() store.Position { return b.first + store.Position(b.count) }

// Read appends records to page.
func (l *log) Read(ctx context.Context, from store.Position, limit store.Limit, page *store.Page) error {
	l.store.mu.Lock()
	err := l.usable(ctx)
	bounds, blocks := l.bounds, l.blocks
	l.store.mu.Unlock()
	if err != nil {
		return err
	}
	page.Next = max(from, bounds.First)
	if page.Next >= bounds.Next {
		return nil
	}
	r := reading{page: page, limit: limit}
	for _, b := range blocks[blockAt(blocks, page.Next):] {
		if r.full {
			break
		}
		if err := l.readBlock(&r, b); err != nil {
			if r.records > 0 {
				break // the next read begins with the damage
			}
			l.store.met(err)
			return err
		}
	}
	return nil
}

// blockAt returns the index of the block that holds a position.
func blockAt(blocks []*block, p store.Position) int {
	return sort.Search(len(blocks), func(i int) bool { return blocks[i].end() > p })
}

func (l *log) readBlock(r *reading, b *block) error {
	data, err := b.data, error(nil)
	if b.key != 0 {
		data, err = l.store.keys.Open(nil, b.key, b.context, b.data)
	}
	if b.damaged {
		err = store.ErrCorrupt
	}
	if err != nil {
		err = fmt.Errorf("log %s, positions %d to %d: %w", l.name, b.first, b.end()-1, err)
		if errors.Is(err, store.ErrCorrupt) {
			err = &store.DamageError{First: b.first, Next: b.end(), Err: err}
		}
		return err
	}
	for p := b.first; p < b.end() && !r.full; p++ {
		size, n := binary.Uvarint(data)
		record := data[n : n+int(size)]
		data = data[n+int(size):]
		if p >= r.page.Next {
			r.add(store.Record{Position: p, Stamp: b.stamp, Data: record, Sealed: b.key != 0})
		}
	}
	return nil
}

// reading is a read under way.
type reading struct {
	page           *store.Page
	limit          store.Limit
	records, bytes int
	full           bool
}

// add takes a record, unless that would exceed the limit.
func (r *reading) add(record store.Record) {
	if r.records > 0 && r.limit.Bytes > 0 && r.bytes+len(record.Data) > r.limit.Bytes {
		r.full = true
		return
	}
	start := len(r.page.Buffer)
	r.page.Buffer = append(r.page.Buffer, record.Data...)
	record.Data = r.page.Buffer[start:len(r.page.Buffer):len(r.page.Buffer)]
	r.page.Records = append(r.page.Records, record)
	r.page.Next = record.Position + 1
	r.records++
	r.bytes += len(record.Data)
	r.full = r.limit.Records > 0 && r.records >= r.limit.Records
}

// Seek returns the position of the first record stamped at or after t.
func (l *log) Seek(ctx context.Context, t time.Time) (store.Position, error) {
	l.store.mu.Lock()
	defer l.store.mu.Unlock()
	if err := l.usable(ctx); err != nil {
		return 0, err
	}
	i := sort.Search(len(l.blocks), func(i int) bool { return !l.blocks[i].stamp.Before(t) })
	if i == len(l.blocks) {
		return l.bounds.Next, nil
	}
	return max(l.blocks[i].first, l.bounds.First), nil
}

// met notes damage for Health.
func (s *Store) met(damage error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.damaged = append(s.damaged, store.Problem{Code: "damaged", Message: damage.Error()})
}
