package conformance

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/smithy-go"
)

// The Go SDK against the binary. Rows are those of reference kinesis-streams §10.

const firstShard = "shardId-000000000000"

func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// wantCode fails the test unless the server answered with that error.
func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

// newStream makes a stream and waits with the SDK's own waiter until it is there.
func newStream(t *testing.T, c *kinesis.Client, name string, shards int32) {
	t.Helper()
	if _, err := c.CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: &name, ShardCount: &shards}); err != nil {
		t.Fatal(err)
	}
	settled(t, c, name)
}

func settled(t *testing.T, c *kinesis.Client, name string) {
	t.Helper()
	w := kinesis.NewStreamExistsWaiter(c, func(o *kinesis.StreamExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 20*time.Millisecond, 50*time.Millisecond
	})
	if err := w.Wait(t.Context(), &kinesis.DescribeStreamInput{StreamName: &name}, 20*time.Second); err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, c *kinesis.Client, stream, key, data string) *kinesis.PutRecordOutput {
	t.Helper()
	return must[*kinesis.PutRecordOutput](t)(c.PutRecord(t.Context(), &kinesis.PutRecordInput{StreamName: &stream, PartitionKey: &key, Data: []byte(data)}))
}

func iterator(t *testing.T, c *kinesis.Client, stream, shard string, kind types.ShardIteratorType) *string {
	t.Helper()
	return must[*kinesis.GetShardIteratorOutput](t)(c.GetShardIterator(t.Context(), &kinesis.GetShardIteratorInput{
		StreamName: &stream, ShardId: &shard, ShardIteratorType: kind,
	})).ShardIterator
}

func read(t *testing.T, c *kinesis.Client, it *string) *kinesis.GetRecordsOutput {
	t.Helper()
	return must[*kinesis.GetRecordsOutput](t)(c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: it}))
}

func text(records []types.Record) (out []string) {
	for _, r := range records {
		out = append(out, string(r.Data))
	}
	return out
}

// Row 19, and 7's last part: what was acknowledged survives kill -9, iterators too.
func TestKillKeepsWhatWasAcknowledged(t *testing.T) {
	t.Parallel()
	s := start(t)
	newStream(t, s.client(), "s", 1)
	it := iterator(t, s.client(), "s", firstShard, types.ShardIteratorTypeLatest)
	var want []string
	last := ""
	for round := range 3 {
		c := s.client()
		for i := range 50 {
			data := fmt.Sprint(round, "/", i)
			out := put(t, c, "s", "a", data)
			if *out.SequenceNumber <= last {
				t.Fatalf("%s does not follow %s", *out.SequenceNumber, last)
			}
			last = *out.SequenceNumber
			want = append(want, data)
		}
		s.crash()
	}
	if got := text(read(t, s.client(), it).Records); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q", got)
	}
}

// Row 9: there is no instant at which the open shards leave a hole or overlap, and
// no child is listed beside an open parent.
func TestShardsCoverTheHashSpaceAtEveryInstant(t *testing.T) {
	t.Parallel()
	s := start(t, "--transition-delay=0s")
	c := s.client()
	newStream(t, c, "s", 4)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		defer cancel()
		r := rand.New(rand.NewPCG(1, 2))
		for range 60 {
			shards, err := openShards(ctx, c, "s")
			if err != nil {
				t.Error(err)
				return
			}
			i := r.IntN(len(shards))
			if len(shards) > 8 || len(shards) > 4 && r.IntN(2) == 0 {
				if i == len(shards)-1 {
					i--
				}
				_, err = c.MergeShards(ctx, &kinesis.MergeShardsInput{StreamName: aws.String("s"), ShardToMerge: shards[i].ShardId, AdjacentShardToMerge: shards[i+1].ShardId})
			} else {
				from, to := hashOf(*shards[i].HashKeyRange.StartingHashKey), hashOf(*shards[i].HashKeyRange.EndingHashKey)
				half := new(big.Int).Add(from, to)
				half.Rsh(half, 1)
				_, err = c.SplitShard(ctx, &kinesis.SplitShardInput{StreamName: aws.String("s"), ShardToSplit: shards[i].ShardId, NewStartingHashKey: aws.String(half.String())})
			}
			if err != nil {
				t.Error(err)
				return
			}
			settled(t, c, "s")
		}
	})
	looks := 0
	watcher := s.client()
	for ctx.Err() == nil {
		if _, err := openShards(t.Context(), watcher, "s"); err != nil {
			t.Error(err)
			break
		}
		looks++
	}
	wg.Wait()
	t.Logf("looked %d times", looks)
}

func hashOf(s string) *big.Int { n, _ := new(big.Int).SetString(s, 10); return n }

// openShards lists the open shards by their ranges, and checks the whole listing.
func openShards(ctx context.Context, c *kinesis.Client, stream string) ([]types.Shard, error) {
	var all, open []types.Shard
	in := &kinesis.ListShardsInput{StreamName: &stream}
	for {
		out, err := c.ListShards(ctx, in)
		if err != nil {
			return nil, err
		}
		all = append(all, out.Shards...)
		if out.NextToken == nil {
			break
		}
		in = &kinesis.ListShardsInput{NextToken: out.NextToken}
	}
	isOpen := map[string]bool{}
	byStart := map[string]types.Shard{}
	for _, sh := range all {
		if isOpen[*sh.ShardId] = sh.SequenceNumberRange.EndingSequenceNumber == nil; isOpen[*sh.ShardId] {
			byStart[*sh.HashKeyRange.StartingHashKey] = sh
		}
		for _, parent := range []*string{sh.ParentShardId, sh.AdjacentParentShardId} {
			if parent != nil && isOpen[*parent] {
				return nil, fmt.Errorf("%s is listed beside its open parent %s", *sh.ShardId, *parent)
			}
		}
	}
	end := new(big.Int).Lsh(big.NewInt(1), 128)
	for at := new(big.Int); at.Cmp(end) < 0; {
		sh, ok := byStart[at.String()]
		if !ok {
			return nil, fmt.Errorf("no open shard begins at %v", at)
		}
		open = append(open, sh)
		at = hashOf(*sh.HashKeyRange.EndingHashKey)
		at.Add(at, big.NewInt(1))
	}
	if len(open) != len(byStart) {
		return nil, fmt.Errorf("%d open shards, of which %d cover the hash space", len(byStart), len(open))
	}
	return open, nil
}

// Row 18: a shard beyond its limit fails alone, and what failed was not stored.
func TestAShardBeyondItsLimitFailsAlone(t *testing.T) {
	t.Parallel()
	s := start(t, "--shard-limits=aws")
	c := s.client()
	newStream(t, c, "s", 2)
	hot, cold := aws.String("0"), new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 128), big.NewInt(1)).String()
	in := &kinesis.PutRecordsInput{StreamName: aws.String("s")}
	for i := range 20 { // 2 MB for one shard
		in.Records = append(in.Records, types.PutRecordsRequestEntry{PartitionKey: aws.String(fmt.Sprint("hot", i)), ExplicitHashKey: hot, Data: bytes.Repeat([]byte{1}, 100<<10)})
	}
	in.Records = append(in.Records, types.PutRecordsRequestEntry{PartitionKey: aws.String("cold"), ExplicitHashKey: &cold, Data: bytes.Repeat([]byte{1}, 10<<10)})
	out := must[*kinesis.PutRecordsOutput](t)(c.PutRecords(t.Context(), in))
	failed := int32(0)
	for i, r := range out.Records {
		if r.ErrorCode == nil {
			continue
		}
		failed++
		if i == 20 || *r.ErrorCode != "ProvisionedThroughputExceededException" || r.SequenceNumber != nil ||
			*r.ErrorMessage != "Rate exceeded for shard shardId-000000000000 in stream s under account "+account+"." {
			t.Errorf("entry %d: %s, %s", i, *r.ErrorCode, *r.ErrorMessage)
		}
	}
	if failed == 0 || failed > 15 || failed != *out.FailedRecordCount {
		t.Errorf("%d entries failed, %d are counted", failed, *out.FailedRecordCount)
	}
	if got := read(t, c, iterator(t, c, "s", firstShard, types.ShardIteratorTypeTrimHorizon)); len(got.Records) != int(20-failed) {
		t.Errorf("%d records are stored, %d were acknowledged", len(got.Records), 20-failed)
	}
	// 5 reads in a second, and the sixth is refused.
	it := iterator(t, c, "s", "shardId-000000000001", types.ShardIteratorTypeTrimHorizon)
	var err error
	for range 7 {
		if _, err = c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: it}); err != nil {
			break
		}
	}
	wantCode(t, err, "ProvisionedThroughputExceededException")
}

// Accounts and regions do not see each other.
func TestAccountsAndRegionsAreKeptApart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	config := filepath.Join(dir, "millrace.yaml")
	if err := os.WriteFile(config, []byte("accounts:\n  - id: \"111122223333\"\n    access-key-id: AKIAOTHER\n    secret-access-key: other-secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, "--config="+config)
	clients := map[string]*kinesis.Client{
		"one":    s.client(),
		"two":    s.clientOf("eu-west-1", accessKey, secretKey),
		"second": s.clientOf(region, "AKIAOTHER", "other-secret"),
	}
	for name, c := range clients {
		newStream(t, c, "same", 1)
		put(t, c, "same", "a", name)
	}
	its := map[string]*string{}
	for name, c := range clients {
		its[name] = iterator(t, c, "same", firstShard, types.ShardIteratorTypeTrimHorizon)
		if got := text(read(t, c, its[name]).Records); len(got) != 1 || got[0] != name {
			t.Errorf("%s reads %q", name, got)
		}
	}
	_, err := clients["second"].GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: its["one"]})
	wantCode(t, err, "InvalidArgumentException")
	arn := "arn:aws:kinesis:us-east-1:" + account + ":stream/same"
	_, err = clients["second"].DescribeStreamSummary(t.Context(), &kinesis.DescribeStreamSummaryInput{StreamARN: &arn})
	wantCode(t, err, "AccessDeniedException")
	if _, err := clients["second"].DeleteStream(t.Context(), &kinesis.DeleteStreamInput{StreamName: aws.String("same")}); err != nil {
		t.Fatal(err)
	}
	put(t, clients["one"], "same", "a", "still there")
}

// Rows 13 and 14, by the Go SDK: pushed within the commit, one subscription for a
// consumer and shard, continued without loss or repetition.
func TestSubscription(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.client()
	newStream(t, c, "s", 1)
	arn := "arn:aws:kinesis:us-east-1:" + account + ":stream/s"
	consumer := must[*kinesis.RegisterStreamConsumerOutput](t)(c.RegisterStreamConsumer(t.Context(), &kinesis.RegisterStreamConsumerInput{StreamARN: &arn, ConsumerName: aws.String("c")})).Consumer.ConsumerARN
	for status := types.ConsumerStatusCreating; status != types.ConsumerStatusActive; {
		status = must[*kinesis.DescribeStreamConsumerOutput](t)(c.DescribeStreamConsumer(t.Context(), &kinesis.DescribeStreamConsumerInput{ConsumerARN: consumer})).ConsumerDescription.ConsumerStatus
	}
	// A client of its own for each: those of the SDK share the buffer of a stream's events.
	subscribe := func(at types.StartingPosition) (*kinesis.SubscribeToShardEventStream, error) {
		out, err := s.client().SubscribeToShard(t.Context(), &kinesis.SubscribeToShardInput{ConsumerARN: consumer, ShardId: aws.String(firstShard), StartingPosition: &at})
		if err != nil {
			return nil, err
		}
		return out.GetStream(), nil
	}
	next := func(s *kinesis.SubscribeToShardEventStream) types.SubscribeToShardEvent {
		t.Helper()
		select {
		case e, ok := <-s.Events():
			if !ok {
				t.Fatalf("the subscription has ended: %v", s.Err())
			}
			return e.(*types.SubscribeToShardEventStreamMemberSubscribeToShardEvent).Value
		case <-time.After(10 * time.Second):
			t.Fatal("no event")
		}
		panic("not reached")
	}
	first := must[*kinesis.SubscribeToShardEventStream](t)(subscribe(types.StartingPosition{Type: types.ShardIteratorTypeTrimHorizon}))
	began := time.Now()
	continuation := next(first).ContinuationSequenceNumber
	for i := range 20 {
		want := fmt.Sprint(i)
		acknowledged := put(t, c, "s", "a", want)
		e := next(first)
		if got := text(e.Records); len(got) != 1 || got[0] != want || *e.Records[0].SequenceNumber != *acknowledged.SequenceNumber {
			t.Fatalf("pushed %q, put %s", got, want)
		}
		if i == 9 {
			continuation = e.ContinuationSequenceNumber
		}
	}
	_, err := subscribe(types.StartingPosition{Type: types.ShardIteratorTypeLatest})
	wantCode(t, err, "ResourceInUseException")
	for idle := next(first); time.Since(began) < 5*time.Second; idle = next(first) {
		if len(idle.Records) != 0 || idle.ContinuationSequenceNumber == nil {
			t.Fatalf("an idle event: %+v", idle)
		}
	}
	for i, kind := range []types.ShardIteratorType{types.ShardIteratorTypeAtSequenceNumber, types.ShardIteratorTypeAfterSequenceNumber} {
		if i > 0 {
			for begun := time.Now(); time.Since(begun) < 5100*time.Millisecond; {
				next(first) // its silence lasts as long as its place is its own
			}
		}
		second := must[*kinesis.SubscribeToShardEventStream](t)(subscribe(types.StartingPosition{Type: kind, SequenceNumber: continuation}))
		if got := text(next(second).Records); len(got) != 10 || got[0] != "10" {
			t.Errorf("%s the continuation: %q", kind, got)
		}
		for range first.Events() { // until it ends
		}
		wantCode(t, first.Err(), "ResourceInUseException")
		first = second
	}
	_ = first.Close()
}

// Row 4 in bulk: every key goes to the shard that holds its MD5.
func TestKeysGoWhereTheirHashSays(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.client()
	newStream(t, c, "s", 7)
	shards, err := openShards(t.Context(), c, "s")
	if err != nil {
		t.Fatal(err)
	}
	in := &kinesis.PutRecordsInput{StreamName: aws.String("s")}
	for i := range 500 {
		in.Records = append(in.Records, types.PutRecordsRequestEntry{PartitionKey: aws.String(fmt.Sprint("клюt", i)), Data: []byte{1}})
	}
	out := must[*kinesis.PutRecordsOutput](t)(c.PutRecords(t.Context(), in))
	for i, r := range out.Records {
		sum := md5.Sum([]byte(*in.Records[i].PartitionKey))
		hash := new(big.Int).SetBytes(sum[:])
		for _, sh := range shards {
			inside := hash.Cmp(hashOf(*sh.HashKeyRange.StartingHashKey)) >= 0 && hash.Cmp(hashOf(*sh.HashKeyRange.EndingHashKey)) <= 0
			if inside != (*sh.ShardId == *r.ShardId) {
				t.Errorf("key %s of hash %v went to %s", *in.Records[i].PartitionKey, hash, *r.ShardId)
			}
		}
	}
}
