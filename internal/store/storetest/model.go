package storetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/store"
)

// rowModel is what a partition should hold.
type rowModel map[string]string

// apply returns the rows after the writes.
func (m rowModel) apply(writes []write) rowModel {
	next := maps.Clone(m)
	if next == nil {
		next = make(rowModel)
	}
	for _, w := range writes {
		switch w.kind {
		case 0:
			next[w.key] = w.value
		case 1:
			delete(next, w.key)
		case 2:
			maps.DeleteFunc(next, func(k, _ string) bool { return k >= w.key && k < w.end })
		}
	}
	return next
}

// scan returns the rows in [from, to); an empty to means the end.
func (m rowModel) scan(from, to string, reverse bool) []string {
	var all []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if k >= from && (to == "" || k < to) {
			all = append(all, k+"="+m[k])
		}
	}
	if reverse {
		slices.Reverse(all)
	}
	return all
}

func (m rowModel) String() string { return strings.Join(m.scan("", "", false), " ") }

// logModel is what a log should hold, trimmed records too.
type logModel struct {
	records []recordModel
	first   int
	sealed  bool
}

type recordModel struct {
	data   string
	stamp  int64 // ms
	sealed bool
}

func (m *logModel) last() int64 {
	if len(m.records) == 0 {
		return 0
	}
	return m.records[len(m.records)-1].stamp
}

func (m *logModel) append(now time.Time, sealed bool, records []string) {
	stamp := max(now.UnixMilli(), m.last())
	for _, r := range records {
		m.records = append(m.records, recordModel{r, stamp, sealed})
	}
}

// state describes what State should return.
func (m *logModel) state() string {
	return fmt.Sprintf("[%d,%d) last %d sealed %v", m.first, len(m.records), m.last(), m.sealed)
}

func describeState(s store.LogState) string {
	last := int64(0)
	if !s.Last.IsZero() {
		last = s.Last.UnixMilli()
	}
	return fmt.Sprintf("[%d,%d) last %d sealed %v", s.First, s.Next, last, s.Sealed)
}

// read describes what a read should return.
func (m *logModel) read(from int, limit store.Limit) string {
	var b strings.Builder
	next, n, size := max(from, m.first), 0, 0
	for ; next < len(m.records); next++ {
		r := m.records[next]
		if n > 0 && (limit.Records > 0 && n >= limit.Records || limit.Bytes > 0 && size+len(r.data) > limit.Bytes) {
			break
		}
		n++
		size += len(r.data)
		fmt.Fprintf(&b, "%d@%d %q %v; ", next, r.stamp, r.data, r.sealed)
	}
	fmt.Fprintf(&b, "next %d", next)
	return b.String()
}

func describePage(page *store.Page) string {
	var b strings.Builder
	for _, r := range page.Records {
		fmt.Fprintf(&b, "%d@%d %q %v; ", r.Position, r.Stamp.UnixMilli(), r.Data, r.Sealed)
	}
	fmt.Fprintf(&b, "next %d", page.Next)
	return b.String()
}

// seek returns what Seek should return.
func (m *logModel) seek(ms int64) int {
	for i := m.first; i < len(m.records); i++ {
		if m.records[i].stamp >= ms {
			return i
		}
	}
	return len(m.records)
}
