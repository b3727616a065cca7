package conformance

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"

	"github.com/millrace/millrace/test/model"
)

// openShards is how many shards of a stream take records.
func (q streamQueues) openShards(stream string) int32 {
	q.Helper()
	out := must[*kinesis.DescribeStreamSummaryOutput](q.T)(q.s.client().DescribeStreamSummary(q.Context(), &kinesis.DescribeStreamSummaryInput{StreamName: &stream}))
	return *out.StreamDescriptionSummary.OpenShardCount
}

// acceptClock tells the server that a jump of its clock was right, without which
// nothing expires, and reports whether it had noticed one.
func (s *server) acceptClock() bool {
	s.t.Helper()
	r := must[*http.Request](s.t)(http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+"/_millrace/clock/accept", nil))
	r.SetBasicAuth(accessKey, secretKey)
	resp := must[*http.Response](s.t)(http.DefaultClient.Do(r))
	defer resp.Body.Close()
	said := must[[]byte](s.t)(io.ReadAll(resp.Body))
	return resp.StatusCode == http.StatusOK && strings.Contains(string(said), "accepted")
}

// TestStreamQueuesFollowTheStream: a queue delivers what is in the shards that its
// stream grows, goes on in those that close, and loses what leaves by retention,
// dead letters too.
func TestStreamQueuesFollowTheStream(t *testing.T) {
	t.Parallel()
	q := streamQueues{t, startMovable(t), model.CBOR}
	q.stream("s")
	arn := q.queue("s", "q", model.Object{"VisibilityTimeoutSeconds": 43200, "DeadLetterConfiguration": model.Object{"TargetType": "BUILT_IN", "MaxReceiveCount": 2}})
	q.put("s", "a", "b", "c", "d")
	r := q.wantRecords(alive, arn, "a", "b", "c", "d")
	q.wantSettled([]string{""}, "AcknowledgeQueueRecords", arn, nil, r[0].handle)

	// On-demand streams grow by themselves, to what they are to be ready for.
	before := q.openShards("s")
	q.call("UpdateAccountSettings", model.Object{"MinimumThroughputBillingCommitment": model.Object{"Status": "ENABLED"}})
	q.call("UpdateStreamWarmThroughput", model.Object{"StreamName": "s", "WarmThroughputMiBps": int(2 * before)})
	settled(t, q.s.client(), "s")
	q.s.moveClock(61 * time.Second)
	eventually(t, "the stream has twice the shards", func() bool { return q.openShards("s") == 2*before })
	settled(t, q.s.client(), "s")
	q.put("s", "e", "f", "g", "h")
	for _, n := range q.wantRecords(alive, arn, "e", "f", "g", "h") {
		q.wantSettled([]string{""}, "AcknowledgeQueueRecords", arn, nil, n.handle)
	}
	q.wantSettled([]string{"", ""}, "UpdateQueueRecordsVisibility", arn, atOnce, r[1].handle, r[2].handle)
	again := q.wantRecords(alive, arn, "b", "c")
	q.wantSettled([]string{"", ""}, "UpdateQueueRecordsVisibility", arn, atOnce, again[0].handle, again[1].handle)
	b := q.wantRecords(dead, arn, "b", "c")[0]
	q.wantSettled([]string{""}, "UpdateDeadLetterQueueRecordsVisibility", arn, atOnce, b.handle)
	q.wantRecords(dead, arn, "b") // c is leased, b again

	// A day later the stream has neither d, which nobody acknowledged, nor the dead
	// letters.
	q.s.moveClock(25 * time.Hour)
	eventually(t, "the jump is noticed and accepted", func() bool { return q.s.acceptClock() })
	q.put("s", "i")
	i := q.wantRecords(alive, arn, "i")[0]
	q.wantNone(dead, arn)
	q.wantSettled([]string{noRecord, ""}, "AcknowledgeQueueRecords", arn, nil, again[0].handle, i.handle)
	q.wantNone(alive, arn)
}
