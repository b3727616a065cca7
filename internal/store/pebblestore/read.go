package pebblestore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"github.com/millrace/millrace/internal/store"
)

// iterator returns an iterator over the log's blocks that start before next.
func (l *log) iterator(next store.Position) (*pebble.Iterator, error) {
	return l.s.newIter(pebble.IterOptions{
		LowerBound: appendID(make([]byte, 0, idPrefixLen), kindBlock, l.id),
		UpperBound: appendPosition(make([]byte, 0, idPrefixLen+8), l.id, next),
	})
}

// errGap tells that the block which should hold a position is not there.
var errGap = errors.New("no block holds the position")

// locate moves the iterator to the block that holds a position.
func (l *log) locate(it *pebble.Iterator, at store.Position) (blockKey, error) {
	var bound [idPrefixLen + 8]byte
	if !it.SeekLT(appendPosition(bound[:0], l.id, at+1)) {
		if err := it.Error(); err != nil {
			return blockKey{}, l.corrupt(at, at+1, err)
		}
		return blockKey{}, l.corrupt(at, at+1, errGap)
	}
	k, err := parseBlockKey(it.Key())
	if err == nil && k.end() <= at {
		err = errGap
	}
	if err != nil {
		return blockKey{}, l.corrupt(at, at+1, err)
	}
	return k, nil
}

// blockAt returns the key of the block that holds a position before next.
func (l *log) blockAt(at, next store.Position) (blockKey, error) {
	it, err := l.iterator(next)
	if err != nil {
		return blockKey{}, err
	}
	defer it.Close()
	return l.locate(it, at)
}

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
		if err := l.knownDamage(from); err != nil {
			return err
		}
		err := l.read(ctx, from, next, limit, page)
		if err == nil {
			return nil
		}
		// A trim may have removed the block between the two looks.
		l.mu.Lock()
		trimmed := l.first > page.Next || l.dropped
		l.mu.Unlock()
		if !trimmed || len(page.Records) > 0 {
			l.remember(from, err)
			return err
		}
	}
}

func (l *log) read(ctx context.Context, from, next store.Position, limit store.Limit, page *store.Page) error {
	it, err := l.iterator(next)
	if err != nil {
		return l.wrap("read", err)
	}
	defer it.Close()
	k, err := l.locate(it, from)
	f := filler{page: page, limit: limit, already: len(page.Records)}
	for err == nil {
		if err = l.fill(&f, k, it, from); err != nil || f.full || k.end() >= next {
			break
		}
		if err = ctx.Err(); err != nil {
			break
		}
		from = k.end()
		k, err = l.following(it, from)
	}
	if err != nil && len(page.Records) > f.already {
		return nil // the next read meets the error at its start
	}
	return err
}

// following moves to the next block, which must start at a position.
func (l *log) following(it *pebble.Iterator, at store.Position) (blockKey, error) {
	if !it.Next() {
		err := it.Error()
		if err == nil {
			err = errGap
		}
		return blockKey{}, l.corrupt(at, at+1, err)
	}
	k, err := parseBlockKey(it.Key())
	if err == nil && k.first != at {
		err = errGap
	}
	if err != nil {
		return blockKey{}, l.corrupt(at, at+1, err)
	}
	return k, nil
}

// fill adds to the page the records of the block under the iterator, from a
// position on.
func (l *log) fill(f *filler, k blockKey, it *pebble.Iterator, from store.Position) error {
	value, err := it.ValueAndErr()
	if err != nil {
		return l.corrupt(k.first, k.end(), err)
	}
	key, payload, err := splitBlock(value)
	if err != nil {
		return l.corrupt(k.first, k.end(), err)
	}
	if key != 0 {
		plain, err := l.s.keys.Open(f.plain[:0], key, l.sealContext(k.first), payload)
		if errors.Is(err, store.ErrCorrupt) {
			return l.corrupt(k.first, k.end(), err)
		} else if err != nil {
			return l.wrap("read", err)
		}
		f.plain, payload = plain, plain
	}
	if err := f.add(k, payload, from, key != 0); err != nil {
		return l.corrupt(k.first, k.end(), err)
	}
	return nil
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

// knownDamage returns the error of an earlier read that met damage at a position.
func (l *log) knownDamage(at store.Position) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.damaged[at]
}

// remember keeps the error of a read that met damage where it began.
func (l *log) remember(at store.Position, err error) {
	if !errors.Is(err, store.ErrCorrupt) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.damaged == nil {
		l.damaged = make(map[store.Position]error)
	}
	if len(l.damaged) < maxDamage {
		l.damaged[at] = err
	}
}

// corrupt reports damage of the records in [from, to) and returns the error to
// hand out. An error that is not about damage is passed on.
func (l *log) corrupt(from, to store.Position, cause error) error {
	damage := errors.Is(cause, errGap) || errors.Is(cause, errBadBlock) || errors.Is(cause, errBadKey) ||
		errors.Is(cause, store.ErrCorrupt) || pebble.IsCorruptionError(cause)
	if !damage {
		return l.wrap("read", cause)
	}
	err := &store.DamageError{First: from, Next: to, Err: fmt.Errorf("read log %s, positions %d to %d: %w%s", l.name, from, to-1, store.ErrCorrupt, fileOf(cause))}
	if !errors.Is(cause, errGap) || l.State().First <= from {
		l.s.damaged(fmt.Sprintf("%s@%d", l.name, from), err, cause)
	}
	return err
}
