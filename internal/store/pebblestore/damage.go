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
	return l.damaged[at]
}

// report returns the error to hand out for one that a read from a position met.
// If it is damage, it is told of and remembered.
func (l *log) report(at store.Position, err error) error {
	d, ok := errors.AsType[*store.DamageError](err)
	if !ok {
		return err
	}
	cause := d.Err
	d.Err = fmt.Errorf("read log %s, positions %d to %d: %w%s", l.name, d.First, d.Next-1, store.ErrCorrupt, fileOf(cause))
	l.s.damaged(fmt.Sprintf("%s@%d", l.name, d.First), d, cause)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.damaged == nil {
		l.damaged = make(map[store.Position]*store.DamageError)
	}
	if len(l.damaged) < maxDamage {
		l.damaged[at] = d
	}
	return d
}
