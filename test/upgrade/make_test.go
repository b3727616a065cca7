package upgrade

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/millrace/millrace/internal/child"
)

var makeArchive = flag.Bool("upgrade.make", false, "make the data directory of the format that the binary writes")

// The streams of the directory: one with all that a stream can have, one on
// demand, one of another region.
const full, onDemand, elsewhere = "full", "on-demand", "elsewhere"

// maker fills a data directory.
type maker struct {
	t *testing.T
	c *kinesis.Client
	n int // records so far
}

// TestMake makes an archive, when it is told to.
func TestMake(t *testing.T) {
	if !*makeArchive {
		t.Skip("makes what is already there (-upgrade.make)")
	}
	data := filepath.Join(t.TempDir(), "data")
	p := start(t, data)
	m := &maker{t: t, c: client(p, regions[0])}
	name, arn := aws.String(full), m.create(full, 2)
	_, err := m.c.IncreaseStreamRetentionPeriod(t.Context(), &kinesis.IncreaseStreamRetentionPeriodInput{StreamName: name, RetentionPeriodHours: aws.Int32(8760)})
	m.must(err)
	_, err = m.c.AddTagsToStream(t.Context(), &kinesis.AddTagsToStreamInput{StreamName: name, Tags: map[string]string{"owner": "mill", "purpose": "upgrades"}})
	m.must(err)
	_, err = m.c.EnableEnhancedMonitoring(t.Context(), &kinesis.EnableEnhancedMonitoringInput{StreamName: name, ShardLevelMetrics: []types.MetricsName{types.MetricsNameIncomingBytes}})
	m.must(err)
	_, err = m.c.PutResourcePolicy(t.Context(), &kinesis.PutResourcePolicyInput{ResourceARN: arn, Policy: aws.String(fmt.Sprintf(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kinesis:DescribeStreamSummary","Resource":%q}]}`, *arn))})
	m.must(err)
	m.consumer(arn, "reader")
	m.put(full, 20)
	_, err = m.c.SplitShard(t.Context(), &kinesis.SplitShardInput{StreamName: name, ShardToSplit: aws.String("shardId-000000000000"), NewStartingHashKey: aws.String("42535295865117307932921825928971026432")})
	m.must(err)
	m.settle(full)
	m.put(full, 20)
	_, err = m.c.StartStreamEncryption(t.Context(), &kinesis.StartStreamEncryptionInput{StreamName: name, EncryptionType: types.EncryptionTypeKms, KeyId: aws.String("alias/aws/kinesis")})
	m.must(err)
	m.settle(full)
	m.put(full, 20)
	// A start after a kill writes tables of what was in the log.
	p.Kill()
	p = start(t, data)
	m.c = client(p, regions[0])
	_, err = m.c.MergeShards(t.Context(), &kinesis.MergeShardsInput{StreamName: name, ShardToMerge: aws.String("shardId-000000000002"), AdjacentShardToMerge: aws.String("shardId-000000000003")})
	m.must(err)
	m.settle(full)
	m.put(full, 20)
	_, err = m.c.CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: aws.String(onDemand), StreamModeDetails: &types.StreamModeDetails{StreamMode: types.StreamModeOnDemand}})
	m.must(err)
	m.settle(onDemand)
	m.put(onDemand, 10)
	m.c = client(p, regions[1])
	m.create(elsewhere, 1)
	m.put(elsewhere, 10)
	m.finish(p, data)
}

// finish keeps what the server answers, and its directory after a kill.
func (m *maker) finish(p *child.Process, data string) {
	all, err := ask(m.t.Context(), clientsOf(p))
	m.must(err)
	text, err := json.MarshalIndent(all, "", " ")
	m.must(err)
	p.Kill()
	format, err := os.ReadFile(filepath.Join(data, "FORMAT"))
	m.must(err)
	base := filepath.Join("testdata", "format-"+strings.TrimSpace(string(format)))
	m.must(os.WriteFile(base+".json", append(text, '\n'), 0o644))
	pack(m.t, data, base+".tar.gz")
}

func (m *maker) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *maker) create(name string, shards int32) (arn *string) {
	m.t.Helper()
	_, err := m.c.CreateStream(m.t.Context(), &kinesis.CreateStreamInput{StreamName: &name, ShardCount: &shards})
	m.must(err)
	return m.settle(name)
}

// settle waits until a stream is active.
func (m *maker) settle(name string) (arn *string) {
	m.t.Helper()
	for range time.Tick(5 * time.Millisecond) {
		d, err := m.c.DescribeStreamSummary(m.t.Context(), &kinesis.DescribeStreamSummaryInput{StreamName: &name})
		m.must(err)
		if d.StreamDescriptionSummary.StreamStatus == types.StreamStatusActive {
			return d.StreamDescriptionSummary.StreamARN
		}
	}
	return nil
}

func (m *maker) consumer(stream *string, name string) {
	m.t.Helper()
	out, err := m.c.RegisterStreamConsumer(m.t.Context(), &kinesis.RegisterStreamConsumerInput{StreamARN: stream, ConsumerName: &name})
	m.must(err)
	for range time.Tick(5 * time.Millisecond) {
		d, err := m.c.DescribeStreamConsumer(m.t.Context(), &kinesis.DescribeStreamConsumerInput{ConsumerARN: out.Consumer.ConsumerARN})
		m.must(err)
		if d.ConsumerDescription.ConsumerStatus == types.ConsumerStatusActive {
			return
		}
	}
}

// put puts n records, one a call and then all in one.
func (m *maker) put(stream string, n int) {
	m.t.Helper()
	var batch []types.PutRecordsRequestEntry
	for i := range n {
		key, data := fmt.Sprint("key", m.n%7), fmt.Appendf(nil, "record %d of %s", m.n, stream)
		m.n++
		if i >= n/2 {
			batch = append(batch, types.PutRecordsRequestEntry{PartitionKey: &key, Data: data})
			continue
		}
		_, err := m.c.PutRecord(m.t.Context(), &kinesis.PutRecordInput{StreamName: &stream, PartitionKey: &key, Data: data})
		m.must(err)
	}
	out, err := m.c.PutRecords(m.t.Context(), &kinesis.PutRecordsInput{StreamName: &stream, Records: batch})
	m.must(err)
	if *out.FailedRecordCount > 0 {
		m.t.Fatalf("%d records failed", *out.FailedRecordCount)
	}
}
