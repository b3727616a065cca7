package conformance

import (
	"context"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// Row 9: there is no instant at which the open shards leave a hole or overlap, and
// no child is listed beside an open parent. Several streams are resharded at a
// time, so that they share their syncs: 1,000 reshards in all.
func TestShardsCoverTheHashSpaceAtEveryInstant(t *testing.T) {
	t.Parallel()
	const streams, reshards = 10, 100
	s := start(t, "--transition-delay=0s")
	c := s.client()
	name := func(i int) string { return fmt.Sprint("s", i) }
	for i := range streams {
		newStream(t, c, name(i), 4)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	for i := range streams {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(i)))
			for range reshards {
				if err := reshardOne(ctx, c, name(i), r); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	go func() { wg.Wait(); cancel() }()
	looks := 0
	for watcher := s.client(); ctx.Err() == nil; looks++ {
		if _, err := openShards(t.Context(), watcher, name(looks%streams)); err != nil {
			t.Error(err)
			break
		}
	}
	wg.Wait()
	t.Logf("looked %d times at %d reshards", looks, streams*reshards)
}

// reshardOne splits a shard of a stream or merges two, so that there are 4 to 9.
func reshardOne(ctx context.Context, c *kinesis.Client, stream string, r *rand.Rand) error {
	shards, err := openShards(ctx, c, stream)
	if err != nil {
		return err
	}
	i := r.IntN(len(shards))
	if len(shards) > 8 || len(shards) > 4 && r.IntN(2) == 0 {
		if i == len(shards)-1 {
			i--
		}
		_, err = c.MergeShards(ctx, &kinesis.MergeShardsInput{StreamName: &stream, ShardToMerge: shards[i].ShardId, AdjacentShardToMerge: shards[i+1].ShardId})
		return err
	}
	half := new(big.Int).Add(decimal(*shards[i].HashKeyRange.StartingHashKey), decimal(*shards[i].HashKeyRange.EndingHashKey))
	half.Rsh(half, 1)
	_, err = c.SplitShard(ctx, &kinesis.SplitShardInput{StreamName: &stream, ShardToSplit: shards[i].ShardId, NewStartingHashKey: aws.String(half.String())})
	return err
}

func decimal(s string) *big.Int { n, _ := new(big.Int).SetString(s, 10); return n }

// openShards lists the open shards of a stream by their ranges, and checks the
// whole listing, which must be one page, and so of one instant.
func openShards(ctx context.Context, c *kinesis.Client, stream string) ([]types.Shard, error) {
	out, err := c.ListShards(ctx, &kinesis.ListShardsInput{StreamName: &stream})
	if err != nil {
		return nil, err
	}
	if out.NextToken != nil {
		return nil, fmt.Errorf("a page of %d shards, and more", len(out.Shards))
	}
	all, open := out.Shards, []types.Shard(nil)
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
		at = decimal(*sh.HashKeyRange.EndingHashKey)
		at.Add(at, big.NewInt(1))
	}
	if len(open) != len(byStart) {
		return nil, fmt.Errorf("%d open shards, of which %d cover the hash space", len(byStart), len(open))
	}
	return open, nil
}

// Rows 9 and 10.
func TestAParentEndsWithItsChildren(t *testing.T) {
	t.Parallel()
	c := start(t).client()
	newStream(t, c, "s", 1)
	put(t, c, "s", "a", "0")
	before := iterator(t, c, "s", firstShard, types.ShardIteratorTypeLatest)
	put(t, c, "s", "a", "1")
	half := aws.String("170141183460469231731687303715884105728")
	split := func() error {
		_, err := c.SplitShard(t.Context(), &kinesis.SplitShardInput{StreamName: aws.String("s"), ShardToSplit: aws.String(firstShard), NewStartingHashKey: half})
		return err
	}
	if err := split(); err != nil {
		t.Fatal(err)
	}
	settled(t, c, "s")
	err := split()
	wantCode(t, err, "InvalidArgumentException")
	put(t, c, "s", "a", "2") // in a child
	for name, it := range map[string]*string{"begun before the split": before, "of now": iterator(t, c, "s", firstShard, types.ShardIteratorTypeTrimHorizon)} {
		page := read(t, c, it)
		var children []string
		for _, child := range page.ChildShards {
			children = append(children, *child.ShardId+" of "+fmt.Sprint(child.ParentShards)+" from "+*child.HashKeyRange.StartingHashKey)
		}
		if got := text(page.Records); got[len(got)-1] != "1" || page.NextShardIterator != nil || *page.MillisBehindLatest != 0 ||
			!slices.Equal(children, []string{"shardId-000000000001 of [shardId-000000000000] from 0", "shardId-000000000002 of [shardId-000000000000] from " + *half}) {
			t.Errorf("iterator %s: %q, then %q", name, got, children)
		}
	}
	// A reader that takes one record at a time is told at the last one.
	var counts []int
	for it := iterator(t, c, "s", firstShard, types.ShardIteratorTypeTrimHorizon); it != nil; {
		page := must[*kinesis.GetRecordsOutput](t)(c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: it, Limit: aws.Int32(1)}))
		if it = page.NextShardIterator; (it == nil) != (len(page.ChildShards) == 2) {
			t.Fatalf("next iterator %v beside %d children", it, len(page.ChildShards))
		}
		counts = append(counts, len(page.Records))
	}
	if !slices.Equal(counts, []int{1, 1}) {
		t.Errorf("pages of %v records", counts)
	}
	merge := &kinesis.MergeShardsInput{StreamName: aws.String("s"), ShardToMerge: aws.String("shardId-000000000001"), AdjacentShardToMerge: aws.String("shardId-000000000002")}
	if _, err := c.MergeShards(t.Context(), merge); err != nil {
		t.Fatal(err)
	}
	settled(t, c, "s")
	page := read(t, c, iterator(t, c, "s", "shardId-000000000001", types.ShardIteratorTypeTrimHorizon))
	if page.NextShardIterator != nil || len(page.ChildShards) != 1 || !slices.Equal(page.ChildShards[0].ParentShards, []string{"shardId-000000000001", "shardId-000000000002"}) {
		t.Errorf("a merged shard ends with %+v", page.ChildShards)
	}
	_, err = c.MergeShards(t.Context(), merge)
	wantCode(t, err, "InvalidArgumentException")
	open := shardsOf(t, c, &types.ShardFilter{Type: types.ShardFilterTypeAtLatest})
	if len(open) != 1 || *open[0].ParentShardId != "shardId-000000000001" || *open[0].AdjacentParentShardId != "shardId-000000000002" || open[0].SequenceNumberRange.EndingSequenceNumber != nil {
		t.Errorf("open: %+v", open)
	}
}

// shardsOf lists the shards of "s", two on a page.
func shardsOf(t *testing.T, c *kinesis.Client, filter *types.ShardFilter) (all []types.Shard) {
	t.Helper()
	in := &kinesis.ListShardsInput{StreamName: aws.String("s"), MaxResults: aws.Int32(2), ShardFilter: filter}
	for {
		out := must[*kinesis.ListShardsOutput](t)(c.ListShards(t.Context(), in))
		if len(out.Shards) > 2 {
			t.Errorf("a page of %d shards", len(out.Shards))
		}
		all = append(all, out.Shards...)
		if out.NextToken == nil {
			break
		}
		in = &kinesis.ListShardsInput{NextToken: out.NextToken, MaxResults: aws.Int32(2)}
	}
	return all
}

// Every filter of ListShards, on pages, and what its tokens may be mixed with.
func TestShardsAreListed(t *testing.T) {
	t.Parallel()
	c := start(t).client()
	newStream(t, c, "s", 4)
	made := time.Now()
	out := must[*kinesis.UpdateShardCountOutput](t)(c.UpdateShardCount(t.Context(), &kinesis.UpdateShardCountInput{StreamName: aws.String("s"), TargetShardCount: aws.Int32(3), ScalingType: types.ScalingTypeUniformScaling}))
	if *out.CurrentShardCount != 4 || *out.TargetShardCount != 3 {
		t.Errorf("%d to %d shards", *out.CurrentShardCount, *out.TargetShardCount)
	}
	settled(t, c, "s")
	numbers := func(shards []types.Shard) (ids []string) {
		for _, sh := range shards {
			ids = append(ids, (*sh.ShardId)[len(*sh.ShardId)-2:])
		}
		return ids
	}
	// 4 to 3 leaves 6, 9 and 10 open, of 11.
	all := []string{"00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10"}
	open := []string{"06", "09", "10"}
	now := time.Now().Add(time.Millisecond) // is cut to milliseconds
	for _, x := range []struct {
		filter *types.ShardFilter
		want   []string
	}{
		{nil, all},
		{&types.ShardFilter{Type: types.ShardFilterTypeAtLatest}, open},
		{&types.ShardFilter{Type: types.ShardFilterTypeFromTrimHorizon}, all},
		{&types.ShardFilter{Type: types.ShardFilterTypeAtTrimHorizon}, all[:4]},
		{&types.ShardFilter{Type: types.ShardFilterTypeFromTimestamp, Timestamp: &made}, all},
		{&types.ShardFilter{Type: types.ShardFilterTypeFromTimestamp, Timestamp: &now}, open},
		{&types.ShardFilter{Type: types.ShardFilterTypeAtTimestamp, Timestamp: &made}, all[:4]},
		{&types.ShardFilter{Type: types.ShardFilterTypeAtTimestamp, Timestamp: &now}, open},
		{&types.ShardFilter{Type: types.ShardFilterTypeAfterShardId, ShardId: aws.String("shardId-000000000007")}, all[8:]},
	} {
		if got := numbers(shardsOf(t, c, x.filter)); !slices.Equal(got, x.want) {
			t.Errorf("%+v: %v, want %v", x.filter, got, x.want)
		}
	}
	first := must[*kinesis.ListShardsOutput](t)(c.ListShards(t.Context(), &kinesis.ListShardsInput{StreamARN: arnOf("s"), MaxResults: aws.Int32(5)}))
	if len(first.Shards) != 5 || first.NextToken == nil {
		t.Fatalf("a page of %d shards", len(first.Shards))
	}
	for _, in := range []*kinesis.ListShardsInput{
		{StreamName: aws.String("s"), NextToken: first.NextToken},
		{NextToken: first.NextToken, ExclusiveStartShardId: aws.String(firstShard)},
		{NextToken: aws.String("nonsense")},
		{},
		{StreamName: aws.String("s"), ShardFilter: &types.ShardFilter{Type: types.ShardFilterTypeAfterShardId}},
		{StreamName: aws.String("s"), ShardFilter: &types.ShardFilter{Type: types.ShardFilterTypeAtTimestamp}},
	} {
		_, err := c.ListShards(t.Context(), in)
		t.Logf("%+v", in)
		wantCode(t, err, "InvalidArgumentException")
	}
	for _, target := range []int32{1, 7} {
		_, err := c.UpdateShardCount(t.Context(), &kinesis.UpdateShardCountInput{StreamName: aws.String("s"), TargetShardCount: &target, ScalingType: types.ScalingTypeUniformScaling})
		wantCode(t, err, "LimitExceededException")
	}
}
