package conformance

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"

	"github.com/millrace/millrace/internal/authn/sigv4"
	"github.com/millrace/millrace/test/model"
)

// Queues on streams (reference kinesis-streams §4.7), by the suite's own client,
// in both encodings.

// streamQueues is a server as such a client sees it.
type streamQueues struct {
	*testing.T
	s        *server
	encoding model.Encoding
}

// inBothEncodings runs a test for each encoding, on a server of its own.
func inBothEncodings(t *testing.T, f func(q streamQueues)) {
	t.Parallel()
	for name, e := range map[string]model.Encoding{"JSON": model.JSON, "CBOR": model.CBOR} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(streamQueues{t, start(t), e})
		})
	}
}

// try makes a call.
func (q streamQueues) try(operation string, in model.Object) (model.Object, error) {
	c := &model.Client{
		Service: kinesisapi.Service, Encoding: q.encoding, URL: q.s.url, Region: region,
		Key: sigv4.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey}, HTTP: http.DefaultClient,
	}
	return c.Call(q.Context(), operation, in)
}

// call makes a call that must succeed.
func (q streamQueues) call(operation string, in model.Object) model.Object {
	q.Helper()
	out, err := q.try(operation, in)
	if err != nil {
		q.Fatalf("%s: %v", operation, err)
	}
	return out
}

func streamARN(name string) string {
	return "arn:aws:kinesis:" + region + ":" + account + ":stream/" + name
}

// stream makes an on-demand stream.
func (q streamQueues) stream(name string) {
	q.Helper()
	q.call("CreateStream", model.Object{"StreamName": name, "StreamModeDetails": model.Object{"StreamMode": "ON_DEMAND"}})
	settled(q.T, q.s.client(), name)
}

// queue makes a queue that delivers a stream from its beginning on, and returns its
// ARN. Its leases last until they are ended, unless attributes say otherwise.
func (q streamQueues) queue(stream, name string, attributes model.Object) string {
	q.Helper()
	all := model.Object{"VisibilityTimeoutSeconds": 600}
	maps.Copy(all, attributes)
	arn := q.call("CreateQueue", model.Object{
		"QueueName": name, "QueueAttributes": all,
		"StreamConfigurationList": []any{model.Object{"StreamARN": streamARN(stream), "StartingPosition": model.Object{"Type": "TRIM_HORIZON"}}},
	})["QueueDescription"].(model.Object)["QueueARN"].(string)
	q.active(arn)
	return arn
}

func (q streamQueues) active(arn string) {
	q.Helper()
	eventually(q.T, arn+" is ACTIVE", func() bool {
		return q.call("DescribeQueue", model.Object{"QueueARN": arn})["QueueDescription"].(model.Object)["QueueStatus"] == "ACTIVE"
	})
}

// put puts records whose keys are their data.
func (q streamQueues) put(stream string, data ...string) {
	q.Helper()
	records := []any{}
	for _, d := range data {
		records = append(records, model.Object{"PartitionKey": d, "Data": []byte(d)})
	}
	if out := q.call("PutRecords", model.Object{"StreamName": stream, "Records": records}); out["FailedRecordCount"] != 0 {
		q.Fatal(out)
	}
}

// record is a record as a queue delivered it.
type record struct {
	data, id, handle string
	count            int
	arrived, first   time.Time
}

// The two ways to receive.
const (
	alive = "ReceiveQueueRecords"
	dead  = "ReceiveDeadLetterQueueRecords"
)

// receive receives once, and waits for a second at most unless more says otherwise.
func (q streamQueues) receive(how, arn string, more model.Object) (got []record) {
	q.Helper()
	in := model.Object{"QueueARN": arn, "WaitTimeSeconds": 1}
	maps.Copy(in, more)
	for _, v := range q.call(how, in)["QueueRecords"].([]any) {
		o := v.(model.Object)
		r := record{
			string(o["Data"].([]byte)), o["RecordId"].(string), o["ReceiptHandle"].(string), o["ReceiveCount"].(int),
			o["ApproximateArrivalTimestamp"].(time.Time), o["FirstReceiveTimestamp"].(time.Time),
		}
		if o["PartitionKey"] != r.data || len(r.handle) > 1024 || len(r.id) > 64 || time.Until(r.arrived.Add(-48*time.Hour)) > 0 || r.first.Sub(r.arrived) < -10*time.Millisecond {
			q.Fatalf("received %v", o)
		}
		got = append(got, r)
	}
	return got
}

// wantRecords receives until those data were received, in any order, and returns
// their records in the order of the data.
func (q streamQueues) wantRecords(how, arn string, want ...string) []record {
	q.Helper()
	var got []record
	eventually(q.T, strings.Join(want, ", ")+" by "+how, func() bool {
		got = append(got, q.receive(how, arn, nil)...)
		return len(got) >= len(want)
	})
	slices.SortFunc(got, func(a, b record) int { return strings.Compare(a.data, b.data) })
	data := []string{}
	for _, r := range got {
		data = append(data, r.data)
	}
	if slices.Sort(want); !slices.Equal(data, want) {
		q.Fatalf("received %q, want %q", data, want)
	}
	return got
}

func (q streamQueues) wantNone(how, arn string) {
	q.Helper()
	if got := q.receive(how, arn, nil); len(got) > 0 {
		q.Fatalf("received %v", got)
	}
}

// settle calls an operation on handles. Those that fail it returns by their codes,
// those that do not as "".
func (q streamQueues) settle(operation, arn string, more model.Object, handles ...string) []string {
	q.Helper()
	entries := []any{}
	for _, h := range handles {
		e := model.Object{"ReceiptHandle": h}
		maps.Copy(e, more)
		entries = append(entries, e)
	}
	out := q.call(operation, model.Object{"QueueARN": arn, "Entries": entries})
	ok, bad := out["Successful"].([]any), out["Failed"].([]any) // both always there
	codes := []string{}
	for _, h := range handles { // in the order of the entries, each in one list
		if len(ok) > 0 && ok[0].(model.Object)["ReceiptHandle"] == h {
			ok, codes = ok[1:], append(codes, "")
			continue
		}
		if len(bad) == 0 || bad[0].(model.Object)["ReceiptHandle"] != h || bad[0].(model.Object)["ErrorMessage"] == "" {
			q.Fatalf("%s of %q: %v", operation, handles, out)
		}
		bad, codes = bad[1:], append(codes, bad[0].(model.Object)["ErrorCode"].(string))
	}
	if len(ok)+len(bad) > 0 {
		q.Fatalf("%s of %q: %v", operation, handles, out)
	}
	return codes
}

func (q streamQueues) wantSettled(want []string, operation, arn string, more model.Object, handles ...string) {
	q.Helper()
	if got := q.settle(operation, arn, more, handles...); !slices.Equal(got, want) {
		q.Fatalf("%s: %q, want %q", operation, got, want)
	}
}

// atOnce makes records visible.
var atOnce = model.Object{"VisibilityTimeoutSeconds": 0}

const (
	invalidHandle = "InvalidArgumentException"
	noRecord      = "ResourceNotFoundException"
)
