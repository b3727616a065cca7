package consumer

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// fakeStream is a stream in memory: shards with records, splits and merges, pages
// of a few records, and errors on demand. Sequence numbers are positions.
type fakeStream struct {
	mu     sync.Mutex
	shards []*fakeShard
	next   int                   // number of the next record
	fail   func(op string) error // asked before every call
	calls  map[string]int
}

type fakeShard struct {
	id       string
	parents  []string
	children []int
	records  []types.Record
	closed   bool
	expired  bool
}

func newFakeStream(shards int) *fakeStream {
	f := &fakeStream{calls: map[string]int{}}
	for range shards {
		f.open()
	}
	return f
}

func (f *fakeStream) open(parents ...int) int {
	i := len(f.shards)
	s := &fakeShard{id: fmt.Sprintf("shardId-%012d", i)}
	for _, p := range parents {
		s.parents = append(s.parents, f.shards[p].id)
		f.shards[p].closed = true
		f.shards[p].children = append(f.shards[p].children, i)
	}
	f.shards = append(f.shards, s)
	return i
}

// put stores the next record; its data is its number.
func (f *fakeStream) put(shard int, key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.shards[shard]
	if s.closed {
		panic("put to a closed shard")
	}
	s.records = append(s.records, types.Record{
		PartitionKey: &key, SequenceNumber: aws.String(strconv.Itoa(len(s.records))), Data: []byte(strconv.Itoa(f.next)),
	})
	f.next++
}

func (f *fakeStream) split(shard int) (int, int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.open(shard), f.open(shard)
}

func (f *fakeStream) merge(a, b int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.open(a, b)
}

func (f *fakeStream) count(op string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[op]
}

func (f *fakeStream) called(op string) error {
	f.calls[op]++
	if f.fail != nil {
		return f.fail(op)
	}
	return nil
}

var errNotFound = &types.ResourceNotFoundException{Message: aws.String("not there")}

// lost is how the SDK tells of a connection that broke.
func lost(op string) error {
	return &smithy.OperationError{ServiceID: "Kinesis", OperationName: op, Err: &smithyhttp.RequestSendError{Err: errors.New("connection reset by peer")}}
}

func (f *fakeStream) ListShards(_ context.Context, in *kinesis.ListShardsInput, _ ...func(*kinesis.Options)) (*kinesis.ListShardsOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.called("ListShards"); err != nil {
		return nil, err
	}
	// Two a page.
	from := 0
	filter := ""
	if in.ShardFilter != nil {
		filter = string(in.ShardFilter.Type)
	}
	if in.NextToken != nil {
		token, rest, _ := strings.Cut(*in.NextToken, " ")
		from, _ = strconv.Atoi(token)
		filter = rest
	}
	out := &kinesis.ListShardsOutput{}
	for i := from; i < len(f.shards); i++ {
		s := f.shards[i]
		if s.expired || filter == "AT_LATEST" && s.closed || filter == "AT_TRIM_HORIZON" && len(s.parents) > 0 {
			continue
		}
		if len(out.Shards) == 2 {
			out.NextToken = aws.String(strconv.Itoa(i) + " " + filter)
			break
		}
		shard := types.Shard{ShardId: &s.id}
		if len(s.parents) > 0 {
			shard.ParentShardId = &s.parents[0]
		}
		if len(s.parents) > 1 {
			shard.AdjacentParentShardId = &s.parents[1]
		}
		out.Shards = append(out.Shards, shard)
	}
	return out, nil
}

func (f *fakeStream) GetShardIterator(_ context.Context, in *kinesis.GetShardIteratorInput, _ ...func(*kinesis.Options)) (*kinesis.GetShardIteratorOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.called("GetShardIterator"); err != nil {
		return nil, err
	}
	for i, s := range f.shards {
		if s.id != *in.ShardId || s.expired {
			continue
		}
		at := 0
		switch in.ShardIteratorType {
		case types.ShardIteratorTypeLatest:
			at = len(s.records)
		case types.ShardIteratorTypeAfterSequenceNumber:
			n, err := strconv.Atoi(*in.StartingSequenceNumber)
			if err != nil {
				return nil, err
			}
			at = n + 1
		}
		return &kinesis.GetShardIteratorOutput{ShardIterator: aws.String(fmt.Sprint(i, " ", at))}, nil
	}
	return nil, errNotFound
}

func (f *fakeStream) GetRecords(_ context.Context, in *kinesis.GetRecordsInput, _ ...func(*kinesis.Options)) (*kinesis.GetRecordsOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.called("GetRecords"); err != nil {
		return nil, err
	}
	var i, at int
	if _, err := fmt.Sscan(*in.ShardIterator, &i, &at); err != nil {
		return nil, err
	}
	s := f.shards[i]
	if s.expired {
		return nil, errNotFound
	}
	end := min(at+3, len(s.records))
	out := &kinesis.GetRecordsOutput{Records: s.records[at:end], MillisBehindLatest: aws.Int64(0)}
	if end < len(s.records) {
		out.MillisBehindLatest = aws.Int64(1)
	}
	if end < len(s.records) || !s.closed {
		out.NextShardIterator = aws.String(fmt.Sprint(i, " ", end))
		return out, nil
	}
	for _, c := range s.children {
		out.ChildShards = append(out.ChildShards, types.ChildShard{ShardId: &f.shards[c].id, ParentShards: f.shards[c].parents})
	}
	return out, nil
}

func (f *fakeStream) SubscribeToShard(context.Context, *kinesis.SubscribeToShardInput, ...func(*kinesis.Options)) (*kinesis.SubscribeToShardOutput, error) {
	return nil, errors.New("the fake has no event streams")
}
