package pebblestore

import (
	"context"
	"time"

	"github.com/millrace/millrace/internal/store"
)

// Seek searches by stamp, reading keys only. What is damaged may be stamped at or
// after t unless what follows is older: the search goes around it, and ends at
// its start where nothing else tells.
func (l *log) Seek(ctx context.Context, t time.Time) (store.Position, error) {
	if err := l.s.enter(); err != nil {
		return 0, l.wrap("seek in", err)
	}
	defer l.s.leave()
	l.mu.Lock()
	first, next, newest, dropped := l.first, l.tip.next, l.tip.stamp, l.dropped
	l.mu.Unlock()
	if dropped {
		return 0, l.wrap("seek in", store.ErrNotFound)
	}
	ms := t.UnixMilli()
	if t.After(time.UnixMilli(ms)) {
		ms++ // stamps are whole milliseconds
	}
	if first == next || newest < ms {
		return next, nil
	}
	for _, p := range l.parts {
		if p.stamp < ms {
			first = max(first, p.end)
		}
	}
	at, err := l.seek(first, next, ms)
	if err != nil {
		return 0, l.wrap("seek in", err)
	}
	return at, nil
}

// seek searches the stretch that holds first, from there on.
func (l *log) seek(first, next store.Position, ms int64) (store.Position, error) {
	if first == next {
		return next, nil
	}
	c, err := l.cursor(first, next)
	if err != nil {
		return 0, err
	}
	defer c.close()
	lo, hi := first, c.end
	if k, err := c.locate(first); err == nil {
		if k.stamp >= ms {
			return first, nil
		}
		lo = k.end()
	} else if !isDamage(err) {
		return 0, err
	}
	// Stamps do not fall: no block that starts before lo is new enough, and none
	// that starts at or after hi is too old.
	for lo < hi {
		mid := lo + (hi-lo)/2
		k, found, err := c.from(mid)
		if isDamage(err) {
			k, found, err = c.beyond(mid, err)
		}
		if err != nil {
			return 0, err
		}
		if found && k.stamp < ms {
			lo = k.end()
		} else {
			hi = mid
		}
	}
	return lo, nil
}
