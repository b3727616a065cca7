package pebblestore

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/millrace/millrace/internal/store"
)

const maxNameBytes = 1024

// Partition returns a partition.
func (s *Store) Partition(name string) store.Partition { return &partition{s: s, name: name} }

// Partitions lists the partitions that hold a key.
func (s *Store) Partitions(ctx context.Context, prefix string) ([]string, error) {
	if err := s.enter(); err != nil {
		return nil, fmt.Errorf("list partitions: %w", err)
	}
	defer s.leave()
	it, err := s.iterNames(kindPartitionName, prefix)
	if err != nil {
		return nil, fmt.Errorf("list partitions: %w", err)
	}
	all, err := collectNames(it, func(name string) bool { return name[0] != 0 })
	if err != nil {
		return nil, fmt.Errorf("list partitions: %w", err)
	}
	var names []string
	for _, name := range all {
		holds := false
		err := s.Partition(name).View(ctx, func(r store.Reader) error {
			for _, err := range r.Scan(nil, nil) {
				holds = err == nil
				return err
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if holds {
			names = append(names, name)
		}
	}
	return names, nil
}

// CreateLog makes an empty log.
func (s *Store) CreateLog(ctx context.Context, name string) (store.Log, error) {
	l, err := s.createLog(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("create log %s: %w", name, err)
	}
	return l, nil
}

func (s *Store) createLog(ctx context.Context, name string) (*log, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := checkName(name); err != nil {
		return nil, err
	}
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.leave()
	if !store.IsFreeing(ctx) {
		if err := s.refuse(); err != nil {
			return nil, err
		}
	}
	stripe := s.stripe(name)
	stripe.Lock()
	defer stripe.Unlock()
	switch _, err := s.loadLog(name); {
	case err == nil:
		return nil, store.ErrExists
	case !errors.Is(err, store.ErrNotFound):
		return nil, err
	}
	s.unsettle(name, false)
	defer s.settle(name)
	row := logRow{id: s.newID()}
	b := s.db.NewBatch()
	mustSet(b, nameKey(kindLogName, name), row.encode())
	if err := s.commit(b); err != nil {
		return nil, err
	}
	_ = b.Close() // it has nothing to lose
	l := newLog(s, name, row, tip{})
	s.mu.Lock()
	s.logs[name] = l
	s.mu.Unlock()
	return l, nil
}

// OpenLog returns a log.
func (s *Store) OpenLog(ctx context.Context, name string) (store.Log, error) {
	s.mu.Lock()
	l := s.logs[name]
	existed, unsettled := s.unsettled[name]
	s.mu.Unlock()
	if l != nil {
		return l, nil
	}
	if unsettled && !existed { // it is being made, and not there before that is durable
		return nil, fmt.Errorf("open log %s: %w", name, store.ErrNotFound)
	}
	if err := s.enter(); err != nil {
		return nil, fmt.Errorf("open log %s: %w", name, err)
	}
	defer s.leave()
	stripe := s.stripe(name)
	stripe.Lock()
	defer stripe.Unlock()
	l, err := s.loadLog(name)
	if err != nil {
		return nil, fmt.Errorf("open log %s: %w", name, err)
	}
	return l, nil
}

// loadLog returns a log that is in memory or in the catalogue. The name's stripe
// is held: a log that is not in memory has nothing under way.
func (s *Store) loadLog(name string) (*log, error) {
	s.mu.Lock()
	l := s.logs[name]
	s.mu.Unlock()
	if l != nil {
		return l, nil
	}
	value, err := s.get(nameKey(kindLogName, name))
	if err != nil {
		return nil, err
	}
	row, err := parseLogRow(value)
	if err != nil {
		return nil, s.damagedRow("log "+name, err)
	}
	t, err := s.findTip(row)
	if isDamage(err) {
		row, err = s.goOn(name, row, err)
		t = row.tip
	}
	if err != nil {
		return nil, err
	}
	l = newLog(s, name, row, t)
	s.mu.Lock()
	s.logs[name] = l
	s.mu.Unlock()
	return l, nil
}

// Logs lists the logs under a prefix.
func (s *Store) Logs(ctx context.Context, prefix string) ([]string, error) {
	if err := s.enter(); err != nil {
		return nil, fmt.Errorf("list logs: %w", err)
	}
	defer s.leave()
	names, err := s.logNames(prefix)
	if err != nil {
		return nil, fmt.Errorf("list logs: %w", err)
	}
	return names, nil
}

func (s *Store) logNames(prefix string) ([]string, error) {
	// A log that is being made or dropped may be in the database or not, and
	// durably so or not: until it is settled it is listed as it was before.
	s.mu.Lock()
	unsettled := maps.Clone(s.unsettled)
	it, err := s.iterNames(kindLogName, prefix)
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	names, err := collectNames(it, func(name string) bool { return !has(unsettled, name) })
	for name, was := range unsettled {
		if was && strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, err
}

func has(m map[string]bool, name string) bool {
	_, ok := m[name]
	return ok
}

// iterNames returns an iterator over a catalogue.
func (s *Store) iterNames(kind byte, prefix string) (*pebble.Iterator, error) {
	lower := nameKey(kind, prefix)
	return s.newIter(pebble.IterOptions{LowerBound: lower, UpperBound: prefixEnd(lower)})
}

// collectNames returns the names that keep accepts, and closes the iterator.
func collectNames(it *pebble.Iterator, keep func(name string) bool) ([]string, error) {
	var names []string
	for ok := it.First(); ok; ok = it.Next() {
		if name := string(it.Key()[1:]); keep(name) {
			names = append(names, name)
		}
	}
	return names, errors.Join(it.Error(), it.Close())
}

// unsettle marks a log whose row is being changed; was tells whether it existed.
func (s *Store) unsettle(name string, was bool) {
	s.mu.Lock()
	s.unsettled[name] = was
	s.mu.Unlock()
}

func (s *Store) settle(name string) {
	s.mu.Lock()
	delete(s.unsettled, name)
	s.mu.Unlock()
}

func (s *Store) forgetLog(name string) {
	s.mu.Lock()
	delete(s.logs, name)
	s.mu.Unlock()
}

func checkName(name string) error {
	if name == "" || len(name) > maxNameBytes {
		return fmt.Errorf("name of %d bytes: want 1 to %d", len(name), maxNameBytes)
	}
	return nil
}

// stripe returns the lock of a log's name.
func (s *Store) stripe(name string) *sync.Mutex {
	return &s.stripes[maphash.String(s.seed, name)%uint64(len(s.stripes))]
}
