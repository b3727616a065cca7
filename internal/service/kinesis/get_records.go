package kinesis

import (
	"context"
	"errors"
	"sync"
	"time"
	"unsafe"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/store"
)

const (
	iteratorLife  = 5 * time.Minute
	maxGetRecords = 10_000
	maxGetBytes   = 10 * mib
	javaDate      = "Mon Jan 02 15:04:05 MST 2006"
)

// GetRecords reads a page of a shard. The same iterator gives the same page
// again, as long as nothing of it expires.
func (s *Service) GetRecords(ctx context.Context, in *kinesisapi.GetRecordsInput, out *kinesisapi.GetRecordsOutput) error {
	it, err := s.openIterator(in.ShardIterator.V)
	call := api.CallOf(ctx)
	if err != nil || it.key.account != call.Account || it.key.region != call.Region {
		return kinesisapi.ErrInvalidArgumentException.New("Invalid ShardIterator.")
	}
	if in.StreamARN.Set && in.StreamARN.V != it.key.arn() {
		return kinesisapi.ErrInvalidArgumentException.New("StreamARN does not match the stream of the ShardIterator.")
	}
	now := s.o.Clock.Now()
	if age := now.Sub(it.made); age > iteratorLife {
		return kinesisapi.ErrExpiredIteratorException.New("Iterator expired. The iterator was created at time %s while right now it is %s which is further in the future than the tolerated delay of %d milliseconds.",
			it.made.UTC().Format(javaDate), now.UTC().Format(javaDate), iteratorLife.Milliseconds())
	}
	_, st, err := s.resolveKey(ctx, it.key)
	if err != nil {
		return err
	}
	sh := st.shard(it.shard)
	if sh == nil || st.Incarnation != it.incarnation {
		return kinesisapi.ErrResourceNotFoundException.New("Shard %s in stream %s under account %s does not exist", shardID(it.shard), it.key.name, it.key.account)
	}
	if err := dryRun(in.DryRun); err != nil {
		return err
	}
	if err := s.admitRead(st, sh, now); err != nil {
		return err
	}
	limit := store.Limit{Records: int(in.Limit.Or(maxGetRecords)), Bytes: maxGetBytes}
	log, err := sh.runtime.log(ctx)
	if err != nil {
		return err
	}
	// The page, and its encoding, which is a third longer in JSON.
	if n := expectedBytes(log, it.position, limit); !call.Reserve(ctx, n*7/3) {
		return kinesisapi.ErrProvisionedThroughputExceededException.New("%s", throttledMessage(st, sh.id))
	}
	page := pages.Get().(*store.Page)
	call.AfterResponse(func() { releasePage(page) })
	r, err := s.readShard(ctx, st, sh, log, it.position, limit, page)
	if err != nil {
		return err
	}
	out.MakeRecords(len(page.Records))
	out.Records = appendRecords(out.Records, sh, page.Records)
	out.MillisBehindLatest = api.Some(r.behind.Milliseconds())
	if r.ended {
		out.ChildShards = childShards(st, sh)
	} else {
		token, err := s.sealIterator(iterator{key: st.key, incarnation: st.Incarnation, shard: sh.Index, position: page.Next, made: now})
		if err != nil {
			return err
		}
		out.NextShardIterator = api.Some(token)
	}
	sh.runtime.readBytes.spend(now, float64(r.bytes))
	s.o.Metrics.Get(it.key.account, it.key.region, it.key.name, sh.id, st.ShardMetrics, len(page.Records), r.bytes, r.behind, false)
	return nil
}

// expectedBytes is about how long a page will be.
func expectedBytes(log store.Log, from store.Position, limit store.Limit) int64 {
	state := log.State()
	from = max(from, state.First)
	if from >= state.Next {
		return 0
	}
	records := min(int64(state.Next-from), int64(limit.Records))
	mean := log.Size()/int64(state.Next-state.First) + 1
	return min(records*mean, int64(limit.Bytes))
}

// admitRead takes a call's share of what a shard's readers share.
func (s *Service) admitRead(st *streamState, sh *shard, now time.Time) error {
	ready, _ := sh.runtime.readBytes.ready(now)
	if ready && sh.runtime.readCalls.take(now, 1) {
		return nil
	}
	s.o.Metrics.Get(st.key.account, st.key.region, st.key.name, sh.id, st.ShardMetrics, 0, 0, 0, true)
	return kinesisapi.ErrProvisionedThroughputExceededException.New("%s", throttledMessage(st, sh.id))
}

var pages = sync.Pool{New: func() any { return new(store.Page) }}

// maxPooledPage keeps one page of the largest size and its overhead.
const maxPooledPage = 11 * mib

func releasePage(p *store.Page) {
	if cap(p.Buffer) > maxPooledPage {
		return
	}
	p.Reset()
	pages.Put(p)
}

// reading is what readShard found.
type reading struct {
	bytes  int           // of data and keys
	behind time.Duration // age of the newest record read, 0 at the tip
	ended  bool          // the shard is closed and read to its end
}

// readShard fills page from the shard's log, from the position on, passing over
// what is past retention even where it is not trimmed yet.
func (s *Service) readShard(ctx context.Context, st *streamState, sh *shard, log store.Log, from store.Position, limit store.Limit, page *store.Page) (reading, error) {
	now := s.o.Clock.Now()
	horizon := s.horizon(st)
	for {
		page.Reset()
		if err := log.Read(ctx, from, limit, page); err != nil {
			return reading{}, explainDamage(st, sh, now, err)
		}
		if len(page.Records) == 0 || !page.Records[0].Stamp.Before(horizon) {
			break
		}
		var err error
		if from, err = log.Seek(ctx, horizon); err != nil {
			return reading{}, err
		}
	}
	r := reading{}
	for i := range page.Records {
		r.bytes += len(page.Records[i].Data)
	}
	if state := log.State(); page.Next < state.Next && len(page.Records) > 0 {
		r.behind = max(now.Sub(page.Records[len(page.Records)-1].Stamp), time.Millisecond)
	}
	r.ended = !sh.open() && page.Next >= sh.Records
	return r, nil
}

// explainDamage tells a reader which records are damaged, and the number after
// which it may go on. They are never passed over silently. Another error is
// returned as it is.
func explainDamage(st *streamState, sh *shard, now time.Time, err error) error {
	damage, ok := errors.AsType[*store.DamageError](err)
	if !ok {
		return err
	}
	told := kinesisapi.ErrInternalFailureException.New("%d records of shard %s in stream %s under account %s are damaged and cannot be read. What follows them can, from AFTER_SEQUENCE_NUMBER %s on.",
		damage.Next-damage.First, sh.id, st.key.name, st.key.account, sh.before(damage.Next, now))
	told.Cause = err
	return told
}

// appendRecords appends records as the API shows them; they alias the page.
func appendRecords(dst []kinesisapi.Record, sh *shard, records []store.Record) []kinesisapi.Record {
	digits := make([]byte, 0, sequenceDigits*len(records))
	var q sequencer
	for i := range records {
		r := &records[i]
		if i > 0 && r.Position == records[i-1].Position+1 && r.Stamp.Equal(records[i-1].Stamp) {
			q.next()
		} else {
			q = newSequencer(sh.sequenceOf(r.Position, r.Stamp))
		}
		n := len(digits)
		digits = q.appendTo(digits)
		key, data, err := splitRecord(r.Data)
		if err != nil {
			panic("BUG: a record whose block was intact does not parse")
		}
		rec := kinesisapi.Record{
			SequenceNumber:              api.Some(unsafe.String(&digits[n], sequenceDigits)),
			ApproximateArrivalTimestamp: api.Some(r.Stamp),
			Data:                        data,
			PartitionKey:                key,
		}
		if r.Sealed {
			rec.EncryptionType = api.Some(kinesisapi.EncryptionTypeKms)
		}
		dst = append(dst, rec)
	}
	return dst
}

// childShards lists what a closed shard became.
func childShards(st *streamState, sh *shard) []kinesisapi.ChildShard {
	out := []kinesisapi.ChildShard{}
	for _, c := range st.children(sh) {
		parents := []string{shardID(*c.Parent)}
		if c.Adjacent != nil {
			parents = append(parents, shardID(*c.Adjacent))
		}
		out = append(out, kinesisapi.ChildShard{ShardId: api.Some(c.id), ParentShards: parents, HashKeyRange: hashKeyRange(c)})
	}
	return out
}

func hashKeyRange(sh *shard) *kinesisapi.HashKeyRange {
	return &kinesisapi.HashKeyRange{StartingHashKey: api.Some(sh.Start.String()), EndingHashKey: api.Some(sh.End.String())}
}
