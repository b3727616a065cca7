package demo

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// shownShards and shownHappenings bound the drawing, so that it fits a terminal.
const (
	shownShards     = 12
	shownHappenings = 6
)

// draw redraws the terminal in place. Lines are cut to its width before they are
// coloured: a line that wraps would break the redrawing.
func (v *view) draw(t *tick) {
	width := 80
	if v.d.o.Width != nil {
		width = max(v.d.o.Width(), 40)
	}
	var b strings.Builder
	if v.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", v.drawn)
	}
	v.drawn = 0
	put := func(paint func(string) string, format string, args ...any) {
		text := cut(fmt.Sprintf(format, args...), width-1)
		if paint != nil {
			text = paint(text)
		}
		b.WriteString("\r\x1b[2K" + text + "\n")
		v.drawn++
	}
	part := min(t.part, 1)
	progress := "  (until Ctrl-C)"
	if v.d.o.For > 0 || v.d.o.Input != "" {
		progress = fmt.Sprintf("  %s %3.0f %%", bar(part, 24), part*100)
	}
	put(v.p.strong, "%s%s", clock(t.now), progress)
	put(nil, "  in       %14s lines  %12s/s  %8.1f MB/s", count(t.sent), count(uint64(t.in)), t.bytes/1e6)
	put(nil, "  stored   %14s        %s", count(t.stored), again(t.refused))
	put(v.p.good, "  arrived  %14s lines  %12s/s  %8s after its put", count(t.arrived), count(uint64(t.out)), millis(t.age))
	put(nil, "")
	put(v.p.dim, "  %-22s %14s %12s  %s", "shard", "lines", "/s", "")
	rows := t.rows
	if len(rows) > shownShards {
		rows = rows[len(rows)-shownShards:]
	}
	most := 1.0
	for _, r := range rows {
		most = max(most, r.rate)
	}
	for _, r := range rows {
		if r.ended {
			put(v.p.dim, "  %-22s %14s %12s  closed, goes on in %s", r.id, count(uint64(r.lines)), "", r.into)
		} else {
			put(v.p.blue, "  %-22s %14s %12s  %s", r.id, count(uint64(r.lines)), count(uint64(r.rate)), bar(r.rate/most, 16))
		}
	}
	put(nil, "")
	happened := t.happened
	if len(happened) > shownHappenings {
		happened = happened[len(happened)-shownHappenings:]
	}
	for _, h := range happened {
		put(nil, "  %s  %s", clock(h.at), h.text)
	}
	_, _ = v.w.Write([]byte(b.String()))
}

func again(n uint64) string {
	if n == 0 {
		return ""
	}
	return count(n) + " sent again"
}

func cut(s string, columns int) string {
	if utf8.RuneCountInString(s) <= columns {
		return s
	}
	return string([]rune(s)[:columns])
}
