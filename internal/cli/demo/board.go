package demo

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/millrace/millrace/client/consumer"
)

// board is what the consumer knows of each shard, and what happened. It is safe
// for concurrent use.
type board struct {
	began  time.Time
	mu     sync.Mutex
	shards []*shardRow // in order of their ids
	happen []happening
	ages   time.Duration // from arrival at the server to arrival here, of the last record of each batch
	aged   int
}

type shardRow struct {
	id     string
	lines  int64
	behind time.Duration
	ended  bool
	into   string // ids of the children, where it has ended
	before int64  // lines at the last snapshot
	rate   float64
}

type happening struct {
	at   time.Duration
	text string
}

// row returns the shard's row. The lock is held.
func (b *board) row(id string) *shardRow {
	i, found := slices.BinarySearchFunc(b.shards, id, func(r *shardRow, id string) int { return strings.Compare(r.id, id) })
	if !found {
		b.shards = slices.Insert(b.shards, i, &shardRow{id: id})
	}
	return b.shards[i]
}

func (b *board) arrive(batch *consumer.Batch) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.row(batch.Shard.ID)
	r.lines += int64(len(batch.Records))
	r.behind = batch.Behind
	if n := len(batch.Records); n > 0 {
		if at := aws.ToTime(batch.Records[n-1].ApproximateArrivalTimestamp); !at.IsZero() {
			b.ages += max(time.Since(at), 0)
			b.aged++
		}
	}
	if batch.Ended {
		r.ended = true
		var ids []string
		for _, c := range batch.Children {
			ids = append(ids, shortID(c.ID))
		}
		r.into = strings.Join(ids, ", ")
	}
}

func (b *board) lines(shard string) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.row(shard).lines
}

func (b *board) tell(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.happen = append(b.happen, happening{time.Since(b.began), text})
}

// snapshot returns the rows with their rates since the last one, what happened
// from a number on, and how old records were when they arrived.
func (b *board) snapshot(since time.Duration, from int) (rows []shardRow, happened []happening, age time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.shards {
		r.rate = float64(r.lines-r.before) / max(since.Seconds(), 1e-3)
		r.before = r.lines
		rows = append(rows, *r)
	}
	if b.aged > 0 {
		age = b.ages / time.Duration(b.aged)
	}
	b.ages, b.aged = 0, 0
	return rows, slices.Clone(b.happen[min(from, len(b.happen)):]), age
}

// shortID is the number of a shard: "3" of "shardId-000000000003".
func shortID(id string) string {
	_, digits, _ := strings.Cut(id, "-")
	if digits = strings.TrimLeft(digits, "0"); digits == "" {
		return "0"
	}
	return digits
}
