package demo

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Reckoning is the account of the lines, by their numbers in the input.
type Reckoning struct {
	Sent, Arrived uint64 // lines
	Bytes         uint64 // of the lines sent
	Took          time.Duration

	Missing    uint64
	OutOfOrder uint64
	// Duplicates: records of lines that had arrived already. Resent are those of
	// requests that had no answer and were sent again, as at-least-once delivery
	// does; Unexplained are the others.
	Resent, Unexplained uint64
	// Strange are records that were not sent.
	Strange uint64
	Altered bool // the lines that arrived are not those that were sent
	Refused uint64
	Keys    int // whose order was checked
	// KeyShare: one key in so many was checked.
	KeyShare int

	missing, disorder, double, unasked []string
	why                                []error // that ended the demo early
}

// OK reports whether every line arrived, as it was and in order.
func (r *Reckoning) OK() bool {
	return r.Missing == 0 && r.OutOfOrder == 0 && r.Unexplained == 0 && r.Strange == 0 && !r.Altered && len(r.why) == 0
}

func (l *ledger) reckon(took time.Duration, why []error) *Reckoning {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := &Reckoning{
		Sent: l.sent, Arrived: l.unique, Bytes: l.bytes, Took: took,
		Missing: l.sent - l.unique, OutOfOrder: l.disorder.count,
		Resent: l.double.count, Unexplained: l.unasked.count, Strange: l.strange, Refused: l.refused,
		Altered: l.unique == l.sent && l.uniqueSum != l.sentSum,
		Keys:    l.order.keys, KeyShare: 1 << l.order.skip,
		disorder: l.disorder.first, double: l.double.first, unasked: l.unasked.first, why: why,
	}
	for i := uint64(1); r.Missing > 0 && i <= l.sent && len(r.missing) < named; i++ {
		if !l.seen.has(i) {
			r.missing = append(r.missing, "line "+strconv.FormatUint(i, 10))
		}
	}
	return r
}

// Print writes the account for a person.
func (r *Reckoning) Print(w io.Writer, p palette) {
	row := func(good bool, label, format string, args ...any) {
		mark := p.good("ok")
		if !good {
			mark = p.bad("NO")
		}
		fmt.Fprintf(w, "  %s  %-12s %s\n", mark, label, fmt.Sprintf(format, args...))
	}
	fmt.Fprintln(w, p.strong("The reckoning, by input position"))
	fmt.Fprintf(w, "      %-12s %s lines, %s, in %s: %s lines/s\n", "sent", count(r.Sent), megabytes(r.Bytes), seconds(r.Took), count(uint64(rate(r.Sent, r.Took))))
	row(r.Missing == 0, "arrived", "%s lines; %s missing%s", count(r.Arrived), count(r.Missing), names(r.missing, r.Missing))
	keys := fmt.Sprintf("%s keys", count(uint64(r.Keys)))
	if r.KeyShare > 1 {
		keys += fmt.Sprintf(" checked, one in %d", r.KeyShare)
	}
	row(r.OutOfOrder == 0, "in order", "%s lines came after a later one of their key (%s)%s", count(r.OutOfOrder), keys, names(r.disorder, r.OutOfOrder))
	switch {
	case r.Missing > 0:
		fmt.Fprintf(w, "      %-12s not compared, since lines are missing\n", "content")
	case r.Altered:
		row(false, "content", "what arrived is not what was sent")
	default:
		row(true, "content", "every line as it was sent")
	}
	row(r.Unexplained == 0, "duplicates", "%s from retries of requests that had no answer%s; %s others%s",
		count(r.Resent), names(r.double, r.Resent), count(r.Unexplained), names(r.unasked, r.Unexplained))
	if r.Refused > 0 {
		fmt.Fprintf(w, "      %-12s %s times a record was refused or unanswered and sent again\n", "retries", count(r.Refused))
	}
	if r.Strange > 0 {
		row(false, "strange", "%s records that were not sent by this demo", count(r.Strange))
	}
	for _, err := range r.why {
		row(false, "cut short", "%v", err)
	}
}

func names(first []string, total uint64) string {
	if len(first) == 0 {
		return ""
	}
	text := ": " + strings.Join(first, ", ")
	if total > uint64(len(first)) {
		text += ", ..."
	}
	return text
}

func rate(n uint64, took time.Duration) float64 {
	return float64(n) / max(took.Seconds(), 1e-3)
}

// count prints 1234567 as 1,234,567.
func count(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func megabytes(n uint64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
