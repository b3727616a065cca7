package demo

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

// view shows a person what happens: a terminal is redrawn, anything else gets a
// line a second.
type view struct {
	d       *demo
	w       io.Writer
	p       palette
	last    figures
	at      time.Time
	happen  int // happenings shown
	drawn   int // lines of the last drawing
	refresh time.Duration
}

func newView(d *demo) *view {
	v := &view{d: d, w: d.o.Stdout, p: palette{d.o.Colour}, refresh: time.Second}
	if d.o.Terminal {
		v.refresh = 250 * time.Millisecond
	}
	return v
}

// introduce says what is going to happen and how to look at it.
func (v *view) introduce() {
	d, s := v.d, v.d.server
	what := "web-access events of its own"
	if d.o.Input != "" {
		what = "the lines of " + d.o.Input
	}
	fmt.Fprintf(v.w, "%s on %s: %s into stream %s of %d shards, keyed by their first field;\n", v.p.strong("Millrace demo"), v.p.blue(s.endpoint()), what, d.stream, firstShards)
	fmt.Fprintf(v.w, "a split and a merge on the way; consumer %s (SubscribeToShard) writes what arrives to %s.\n", consumerID, v.p.blue(s.out))
	fmt.Fprintf(v.w, "A record is the line's number in the input, a tab, and the line as it is: by the number each line is found again.\n")
	if s.temp {
		fmt.Fprintf(v.w, "The server's data are in %s and removed at the end. Ctrl-C ends early, with the reckoning.\n", s.data)
	} else {
		fmt.Fprintf(v.w, "The server's data are in %s and stay. Ctrl-C ends early, with the reckoning.\n", s.data)
	}
	fmt.Fprintf(v.w, "\nTo look for yourself meanwhile, in another terminal:\n\n")
	id, secret := s.key.AccessKeyID, s.key.SecretAccessKey
	if s.given {
		id, secret = `"$MILLRACE_ROOT_ACCESS_KEY_ID"`, `"$MILLRACE_ROOT_SECRET_ACCESS_KEY"`
	}
	fmt.Fprintf(v.w, `export AWS_ACCESS_KEY_ID=%s
export AWS_SECRET_ACCESS_KEY=%s
export AWS_DEFAULT_REGION=%s AWS_ENDPOINT_URL=%s
aws kinesis list-shards --stream-name %s --query 'Shards[].[ShardId,ParentShardId,AdjacentParentShardId]' --output table
it=$(aws kinesis get-shard-iterator --stream-name %s --shard-id shardId-000000000000 --shard-iterator-type TRIM_HORIZON --query ShardIterator --output text)
aws kinesis get-records --shard-iterator "$it" --limit 3
millrace tail %s

`, id, secret, region, s.endpoint(), d.stream, d.stream, d.stream)
}

// watch shows what happens until done says that it is over.
func (v *view) watch(ctx context.Context, done func() bool) {
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	v.at = time.Now()
	for next := v.at.Add(v.refresh); ; {
		select {
		case now := <-look.C:
			over := done()
			if over || now.After(next) {
				v.show(now)
				next = now.Add(v.refresh)
			}
			if over {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

func (v *view) show(now time.Time) {
	since := now.Sub(v.at)
	f := v.d.ledger.figures()
	rows, happened, age := v.d.board.snapshot(since, v.happen)
	t := tick{
		now: now.Sub(v.d.board.began), figures: f, rows: rows, age: age,
		in: rate(f.sent-v.last.sent, since), out: rate(f.arrived-v.last.arrived, since), bytes: rate(f.bytes-v.last.bytes, since),
	}
	v.last, v.at = f, now
	if v.d.o.Terminal {
		t.happened = happened
		v.draw(&t)
		return
	}
	v.happen += len(happened)
	for _, h := range happened {
		fmt.Fprintf(v.w, "%s  %s\n", clock(h.at), h.text)
	}
	fmt.Fprintln(v.w, t.line())
}

// tick is what is shown at one moment.
type tick struct {
	figures
	now            time.Duration
	in, out, bytes float64 // a second
	age            time.Duration
	rows           []shardRow
	happened       []happening
}

// line is the moment for a pipe.
func (t *tick) line() string {
	open, behind := 0, time.Duration(0)
	for _, r := range t.rows {
		if !r.ended {
			open++
		}
		behind = max(behind, r.behind)
	}
	return fmt.Sprintf("%s  in %s (%s/s, %.1f MB/s)  stored %s  arrived %s (%s/s)  %s after its put  shards %d open of %d",
		clock(t.now), count(t.sent), count(uint64(t.in)), t.bytes/1e6, count(t.stored), count(t.arrived), count(uint64(t.out)), millis(t.age), open, len(t.rows))
}

func clock(d time.Duration) string {
	return fmt.Sprintf("%02d:%04.1f", int(d.Minutes()), d.Seconds()-60*float64(int(d.Minutes())))
}

func millis(d time.Duration) string { return fmt.Sprintf("%d ms", d.Milliseconds()) }

// conclude shows the reckoning.
func (v *view) conclude(r *Reckoning) {
	fmt.Fprintln(v.w)
	r.Print(v.w, v.p)
	fmt.Fprintln(v.w)
	if r.OK() {
		fmt.Fprintln(v.w, v.p.good("Every line arrived, in order per key."))
	}
	fmt.Fprintf(v.w, "What arrived is in %s, a file for each shard.\n", v.d.server.out)
	if r.OK() && v.d.o.Input != "" && v.d.o.Input != "-" && r.Resent == 0 {
		fmt.Fprintf(v.w, "To compare yourself: cmp <(sort %s) <(sort %s/shardId-*.log) && echo same\n", v.d.o.Input, v.d.server.out)
	}
	if !v.d.server.temp {
		fmt.Fprintf(v.w, "The stream stays: millrace server --data %s\n", v.d.server.data)
	}
}

// bar is a bar of a part, 0 to 1.
func bar(part float64, width int) string {
	n := min(max(int(part*float64(width)+0.5), 0), width)
	return strings.Repeat("█", n) + strings.Repeat("░", width-n)
}
