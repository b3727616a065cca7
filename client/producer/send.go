package producer

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// The pause before records are sent again: doubled each time, and half of it random.
const (
	firstPause = 50 * time.Millisecond
	maxPause   = 5 * time.Second
)

// request is the memory of one PutRecords, used again for the next.
type request struct {
	entries []types.PutRecordsRequestEntry
	stored  []Record
	results []types.PutRecordsResultEntry
	keys    map[string]struct{}
}

// EntryError is why Kinesis refused one record of a request.
type EntryError struct {
	Code, Message string // as in the answer: "ProvisionedThroughputExceededException"
}

func (e *EntryError) Error() string { return e.Code + ": " + e.Message }

// send writes the records, those that were refused again, until all are stored.
func (l *lane) send(pending []Record) error {
	o := &l.p.o
	pause, since := firstPause, time.Now()
	for len(pending) > 0 {
		chosen, rest := l.choose(pending)
		out, err := l.put1(chosen)
		var failed []Record
		switch {
		case err == nil && len(out.Records) != len(chosen):
			return fmt.Errorf("PutRecords answered %d results for %d records", len(out.Records), len(chosen))
		case err == nil:
			failed, err = l.settle(chosen, out.Records)
		case l.p.ctx.Err() != nil:
			return context.Cause(l.p.ctx)
		default:
			again, unknown := classify(err)
			if !again {
				return err
			}
			if unknown && o.Resent != nil {
				o.Resent(chosen)
			}
			failed = chosen
		}
		if len(failed) == 0 {
			pending, pause, since = rest, firstPause, time.Now()
			continue
		}
		if len(failed) < len(chosen) {
			since = time.Now() // some went through
		}
		if time.Since(since) > o.GiveUpAfter {
			return fmt.Errorf("given up on %d records after %v: %w", len(failed), o.GiveUpAfter, err)
		}
		if o.Retry != nil {
			o.Retry(len(failed), err)
		}
		if len(failed) < len(chosen) || o.StrictOrder {
			pending = append(append(make([]Record, 0, len(failed)+len(rest)), failed...), rest...)
		}
		select {
		case <-time.After(pause/2 + rand.N(pause/2)):
		case <-l.p.ctx.Done():
			return context.Cause(l.p.ctx)
		}
		pause = min(2*pause, maxPause)
	}
	return nil
}

// choose returns the records of the next request, and those that wait: of each
// key the order stays.
func (l *lane) choose(pending []Record) (chosen, rest []Record) {
	o := &l.p.o
	if !o.StrictOrder {
		n, bytes := 0, 0
		for n < min(len(pending), o.MaxRecords) && (n == 0 || bytes+size(&pending[n]) <= o.MaxBytes) {
			bytes += size(&pending[n])
			n++
		}
		return pending[:n], pending[n:]
	}
	if l.request.keys == nil {
		l.request.keys = make(map[string]struct{})
	}
	clear(l.request.keys)
	bytes := 0
	for i := range pending {
		r := &pending[i]
		_, again := l.request.keys[r.Key]
		l.request.keys[r.Key] = struct{}{} // also of those that wait: the next of the key waits too
		if again || len(chosen) == o.MaxRecords || len(chosen) > 0 && bytes+size(r) > o.MaxBytes {
			rest = append(rest, *r)
			continue
		}
		bytes += size(r)
		chosen = append(chosen, *r)
	}
	return chosen, rest
}

// put1 is one PutRecords, not repeated by the SDK: what may be stored twice is to
// be known.
func (l *lane) put1(records []Record) (*kinesis.PutRecordsOutput, error) {
	l.request.entries = l.request.entries[:0]
	for i := range records {
		e := types.PutRecordsRequestEntry{Data: records[i].Data, PartitionKey: &records[i].Key}
		if records[i].ExplicitHashKey != "" {
			e.ExplicitHashKey = &records[i].ExplicitHashKey
		}
		if e.Data == nil {
			e.Data = []byte{}
		}
		l.request.entries = append(l.request.entries, e)
	}
	in := &kinesis.PutRecordsInput{Records: l.request.entries}
	if strings.HasPrefix(l.p.o.Stream, "arn:") {
		in.StreamARN = &l.p.o.Stream
	} else {
		in.StreamName = &l.p.o.Stream
	}
	defer clear(l.request.entries)
	return l.p.o.Client.PutRecords(l.p.ctx, in, func(o *kinesis.Options) { o.Retryer = aws.NopRetryer{} })
}

// settle tells of the records that were stored, and returns the others with the
// reason of the first.
func (l *lane) settle(records []Record, results []types.PutRecordsResultEntry) (failed []Record, why error) {
	for i := range results {
		if code := results[i].ErrorCode; code != nil {
			failed = append(failed, records[i])
			if why == nil {
				why = &EntryError{Code: *code, Message: aws.ToString(results[i].ErrorMessage)}
			}
		}
	}
	if l.p.o.Stored == nil || len(failed) == len(records) {
		return failed, why
	}
	if len(failed) == 0 {
		l.p.o.Stored(records, results)
		return nil, nil
	}
	stored, kept := l.request.stored[:0], l.request.results[:0]
	for i := range results {
		if results[i].ErrorCode == nil {
			stored, kept = append(stored, records[i]), append(kept, results[i])
		}
	}
	l.p.o.Stored(stored, kept)
	clear(stored)
	l.request.stored, l.request.results = stored, kept
	return failed, why
}
