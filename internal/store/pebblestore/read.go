package pebblestore

import (
	"context"
	"encoding/binary"
	"errors"

	"github.com/cockroachdb/pebble/v2"
	"github.com/millrace/millrace/internal/store"
)

// Read fills page from the block that holds from onwards.
func (l *log) Read(ctx context.Context, from store.Position, limit store.Limit, page *store.Page) error {
	if err := l.s.enter(); err != nil {
		return l.wrap("read", err)
	}
	defer l.s.leave()
	for {
		l.mu.Lock()
		first, next, dropped := l.first, l.tip.next, l.dropped
		l.mu.Unlock()
		if dropped {
			return l.wrap("read", store.ErrNotFound)
		}
		from = max(from, first)
		page.Next = from
		if from >= next {
			return nil
		}
		if d := l.knownDamage(from); d != nil {
			return d
		}
		err := l.read(ctx, from, next, limit, page)
		if err == nil {
			return nil
		}
		// A trim or a drop may have removed the block since, or is about to.
		l.mu.Lock()
		leaving := l.leaving
		l.mu.Unlock()
		if leaving <= from {
			return l.report(err)
		}
		from = min(leaving, next)
	}
}

// read adds records to the page, within the stretch that holds from. An error
// means that there was none to add.
func (l *log) read(ctx context.Context, from, next store.Position, limit store.Limit, page *store.Page) error {
	c, err := l.cursor(from, next)
	if err != nil {
		return l.wrap("read", err)
	}
	defer c.close()
	k, err := c.locate(from)
	f := filler{page: page, limit: limit, already: len(page.Records)}
	for err == nil {
		if err = l.fill(&f, k, c.it, from); err != nil || f.full || k.end() >= c.end {
			break
		}
		if err = ctx.Err(); err != nil {
			break
		}
		from = k.end()
		k, err = c.following(from)
	}
	if err == nil || len(page.Records) > f.already {
		return nil // the next read meets the error at its start
	}
	if !isDamage(err) {
		return l.wrap("read", err)
	}
	d := &store.DamageError{First: from, Next: c.end, Err: err}
	if k.first <= from && from < k.end() { // what is damaged is within the block
		d.First, d.Next = k.first, k.end()
	} else if k, found, _ := c.beyond(from, err); found {
		d.Next = k.first
	}
	return d
}

// fill adds to the page the records of the block under the iterator, from a
// position on.
func (l *log) fill(f *filler, k blockKey, it *pebble.Iterator, from store.Position) error {
	value, err := it.ValueAndErr()
	if err != nil {
		return err
	}
	key, payload, err := splitBlock(value)
	if err != nil {
		return err
	}
	if key != 0 {
		plain, err := l.s.keys.Open(f.plain[:0], key, l.sealContext(k.first), payload)
		if err != nil {
			return err
		}
		f.plain, payload = plain, plain
	}
	return f.add(k, payload, from, key != 0)
}

var errBadBlock = errors.New("malformed block")

// splitBlock returns the key id and records of a stored block.
func splitBlock(value []byte) (store.KeyID, []byte, error) {
	if len(value) == 0 || value[0] != blockVersion {
		return 0, nil, errBadBlock
	}
	id, n := binary.Uvarint(value[1:])
	if n <= 0 {
		return 0, nil, errBadBlock
	}
	return store.KeyID(id), value[1+n:], nil
}

// filler copies records into a page until a limit is reached.
type filler struct {
	page    *store.Page
	limit   store.Limit
	already int // records that the page held before
	bytes   int // of contents that were added
	full    bool
	plain   []byte // a block that was decrypted
}

// add copies the records of one block from a position on.
func (f *filler) add(k blockKey, payload []byte, from store.Position, sealed bool) error {
	p := f.page
	// Records that are in the page keep the buffer they lie in: a new one is
	// taken where the rest of the block may not fit.
	want := len(payload)
	if f.limit.Bytes > 0 {
		want = min(want, max(f.limit.Bytes-f.bytes, 0))
	}
	if cap(p.Buffer)-len(p.Buffer) < want {
		p.Buffer = make([]byte, 0, max(want, 2*cap(p.Buffer)))
	}
	stamp := fromMillis(k.stamp)
	for at := k.first; at < k.end(); at++ {
		n, w := binary.Uvarint(payload)
		if w <= 0 || n > uint64(len(payload)-w) {
			return errBadBlock
		}
		data := payload[w : w+int(n)]
		payload = payload[w+int(n):]
		if at < from {
			continue
		}
		if f.reached(len(data)) {
			return nil
		}
		start := len(p.Buffer)
		p.Buffer = append(p.Buffer, data...)
		p.Records = append(p.Records, store.Record{
			Position: at,
			Stamp:    stamp,
			Data:     p.Buffer[start:len(p.Buffer):len(p.Buffer)],
			Sealed:   sealed,
		})
		f.bytes += len(data)
		p.Next = at + 1
	}
	if len(payload) != 0 {
		return errBadBlock
	}
	return nil
}

// reached tells whether a record of n bytes is past a limit.
func (f *filler) reached(n int) bool {
	got := len(f.page.Records) - f.already
	f.full = got > 0 && (f.limit.Records > 0 && got >= f.limit.Records ||
		f.limit.Bytes > 0 && f.bytes+n > f.limit.Bytes)
	return f.full
}
