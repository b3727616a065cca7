package crash

import (
	"context"
	"crypto/md5"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/millrace/millrace/test/crash/history"
)

// writer puts records into one stream, one call after another, and notes what
// became of each. It is used by one goroutine at a time.
type writer struct {
	id       uint32
	stream   string
	batch    int  // records of a call; 1: PutRecord
	maxBytes int  // of a record
	even     bool // no record is larger
	cbor     bool // as the Java SDK writes, in JSON's place
	rnd      *rand.Rand
	epoch    time.Time // of the attempts' times
	n        uint64
	attempts []history.Attempt
}

var epoch = time.Now()

func newWriter(id uint32, stream string, batch int) *writer {
	return &writer{id: id, stream: stream, batch: batch, maxBytes: 400, rnd: rand.New(rand.NewPCG(*crashSeed, uint64(id))), epoch: epoch}
}

// next makes a record and its attempt, of unknown outcome yet.
func (w *writer) next() (history.Attempt, types.PutRecordsRequestEntry) {
	size := w.rnd.IntN(w.maxBytes)
	switch large := w.rnd.IntN(400); {
	case w.even:
	case large == 0:
		size = 300 << 10
	case large < 5:
		size = 20 << 10
	}
	a := history.Attempt{ID: history.ID{Writer: w.id, N: w.n}, Key: fmt.Sprintf("%d-%d", w.id, w.rnd.IntN(50)), Began: time.Since(w.epoch)}
	w.n++
	e := types.PutRecordsRequestEntry{PartitionKey: aws.String(a.Key), Data: history.Payload(a.ID, size)}
	a.Hash = md5.Sum([]byte(a.Key))
	if w.rnd.IntN(4) == 0 {
		for i := range a.Hash {
			a.Hash[i] = byte(w.rnd.Uint32())
		}
		e.ExplicitHashKey = aws.String(decimal(a.Hash))
	}
	return a, e
}

// put makes one call. The error is of the connection: the outcome is unknown.
func (w *writer) put(ctx context.Context, c *kinesis.Client) error {
	if w.batch == 1 {
		return w.putRecord(ctx, c)
	}
	n := 1 + w.rnd.IntN(w.batch)
	entries := make([]types.PutRecordsRequestEntry, n)
	first := len(w.attempts)
	for i := range n {
		var a history.Attempt
		a, entries[i] = w.next()
		w.attempts = append(w.attempts, a)
	}
	// What is in one call has no order in time.
	for i := range w.attempts[first:] {
		w.attempts[first+i].Began = w.attempts[first].Began
	}
	out, err := c.PutRecords(ctx, &kinesis.PutRecordsInput{StreamName: &w.stream, Records: entries})
	ended := time.Since(w.epoch)
	if err != nil && code(err) == "" {
		return err
	}
	for i := range w.attempts[first:] {
		a := &w.attempts[first+i]
		a.Ended, a.Outcome = ended, history.Refused
		if err == nil && out.Records[i].ErrorCode == nil {
			a.Outcome, a.Shard, a.Sequence = history.Acknowledged, *out.Records[i].ShardId, *out.Records[i].SequenceNumber
		}
	}
	return nil
}

func (w *writer) putRecord(ctx context.Context, c *kinesis.Client) error {
	a, e := w.next()
	in := &kinesis.PutRecordInput{StreamName: &w.stream, Data: e.Data, PartitionKey: e.PartitionKey, ExplicitHashKey: e.ExplicitHashKey}
	call := c.PutRecord
	if w.cbor {
		call = putCBOR(c)
	}
	out, err := call(ctx, in)
	a.Ended = time.Since(w.epoch)
	switch {
	case err == nil:
		a.Outcome, a.Shard, a.Sequence = history.Acknowledged, *out.ShardId, *out.SequenceNumber
	case code(err) != "":
		a.Outcome, err = history.Refused, nil
	}
	w.attempts = append(w.attempts, a)
	return err
}

// run puts until ctx ends or the connection breaks.
func (w *writer) run(ctx context.Context, c *kinesis.Client) error {
	for ctx.Err() == nil {
		if err := w.put(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// judge fails the test for every violation.
func judge(t *testing.T, violations []history.Violation) {
	t.Helper()
	for _, v := range violations {
		t.Error(v)
	}
}

// checkStream reads a stream whole and holds it against its writers' attempts.
func checkStream(t *testing.T, c *kinesis.Client, stream string, writers ...*writer) []history.Shard {
	t.Helper()
	shards, err := readStream(t.Context(), c, stream, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := history.Stream{Name: stream, Shards: shards}
	for _, w := range writers {
		s.Attempts = append(s.Attempts, w.attempts...)
	}
	judge(t, history.Check(s))
	return shards
}
