package pebblestore

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"github.com/millrace/millrace/internal/store"
)

// isDamage tells an error that is about damaged data from others.
func isDamage(err error) bool {
	return errors.Is(err, store.ErrCorrupt) || errors.Is(err, errGap) || errors.Is(err, errBadBlock) ||
		errors.Is(err, errBadKey) || pebble.IsCorruptionError(err)
}

// knownDamage returns what an earlier read met at a position, or nil.
func (l *log) knownDamage(at store.Position) *store.DamageError {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range l.damaged {
		if d.First <= at && at < d.Next {
			return d
		}
	}
	return nil
}

// startOf returns where the block starts that holds a position, if a search found
// that out around damage.
func (l *log) startOf(at store.Position) (store.Position, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	start, known := l.starts[at]
	return start, known
}

// rememberStart keeps for startOf what a search found.
func (l *log) rememberStart(at, start store.Position) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.starts == nil {
		l.starts = make(map[store.Position]store.Position)
	}
	if len(l.starts) < maxDamage {
		l.starts[at] = start
	}
}

// report returns the error to hand out for one that a read met.
// If it is damage, it is told of and remembered.
func (l *log) report(err error) error {
	d, ok := errors.AsType[*store.DamageError](err)
	if !ok {
		return err
	}
	cause := d.Err
	d.Err = fmt.Errorf("read log %s, positions %d to %d: %w%s", l.name, d.First, d.Next-1, store.ErrCorrupt, fileOf(cause))
	l.s.damaged(fmt.Sprintf("%s@%d", l.name, d.First), d, cause)
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.damaged) < maxDamage {
		l.damaged = append(l.damaged, d)
	}
	return d
}
