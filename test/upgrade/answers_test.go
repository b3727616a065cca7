package upgrade

import (
	"context"
	"encoding/json"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// regions are those in which the directories have streams.
var regions = []string{"us-east-1", "eu-central-1"}

// answers are what a server tells of a stream.
type answers struct {
	Region    string
	Summary   *types.StreamDescriptionSummary
	Tags      []types.Tag
	Policy    string
	Consumers []types.ConsumerDescription
	Shards    []shard
}

type shard struct {
	Shard   types.Shard
	Records []record
}

type record struct {
	Sequence, Key, Data string
	Arrival             time.Time
	Encryption          types.EncryptionType
}

// ask reads all that a server has.
func ask(ctx context.Context, clients map[string]*kinesis.Client) (all []answers, err error) {
	for _, region := range regions {
		c := clients[region]
		streams, err := c.ListStreams(ctx, &kinesis.ListStreamsInput{})
		if err != nil {
			return nil, err
		}
		for _, name := range streams.StreamNames {
			a, err := askStream(ctx, c, name)
			if err != nil {
				return nil, err
			}
			a.Region = region
			all = append(all, a)
		}
	}
	// As it comes out of a file, so that it can be compared with what did.
	text, err := json.Marshal(all)
	if err != nil {
		return nil, err
	}
	all = nil
	return all, json.Unmarshal(text, &all)
}

func askStream(ctx context.Context, c *kinesis.Client, name string) (a answers, err error) {
	d, err := c.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: &name})
	if err != nil {
		return a, err
	}
	a.Summary = d.StreamDescriptionSummary
	tags, err := c.ListTagsForStream(ctx, &kinesis.ListTagsForStreamInput{StreamName: &name})
	if err != nil {
		return a, err
	}
	a.Tags = tags.Tags
	if name == full {
		policy, err := c.GetResourcePolicy(ctx, &kinesis.GetResourcePolicyInput{ResourceARN: a.Summary.StreamARN})
		if err != nil {
			return a, err
		}
		a.Policy = *policy.Policy
	}
	consumers, err := c.ListStreamConsumers(ctx, &kinesis.ListStreamConsumersInput{StreamARN: a.Summary.StreamARN})
	if err != nil {
		return a, err
	}
	for _, k := range consumers.Consumers {
		out, err := c.DescribeStreamConsumer(ctx, &kinesis.DescribeStreamConsumerInput{ConsumerARN: k.ConsumerARN})
		if err != nil {
			return a, err
		}
		a.Consumers = append(a.Consumers, *out.ConsumerDescription)
	}
	shards, err := c.ListShards(ctx, &kinesis.ListShardsInput{StreamName: &name})
	if err != nil {
		return a, err
	}
	for _, sh := range shards.Shards {
		records, err := read(ctx, c, name, *sh.ShardId)
		if err != nil {
			return a, err
		}
		a.Shards = append(a.Shards, shard{sh, records})
	}
	return a, nil
}

// read reads a shard whole.
func read(ctx context.Context, c *kinesis.Client, stream, shardID string) (records []record, err error) {
	it, err := c.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{StreamName: &stream, ShardId: &shardID, ShardIteratorType: types.ShardIteratorTypeTrimHorizon})
	if err != nil {
		return nil, err
	}
	for at := it.ShardIterator; at != nil; {
		out, err := c.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: at})
		if err != nil {
			return nil, err
		}
		for _, r := range out.Records {
			records = append(records, record{*r.SequenceNumber, *r.PartitionKey, string(r.Data), r.ApproximateArrivalTimestamp.UTC(), r.EncryptionType})
		}
		if at = out.NextShardIterator; aws.ToInt64(out.MillisBehindLatest) == 0 {
			at = nil
		}
	}
	return records, nil
}
