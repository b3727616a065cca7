package bench

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/authn/sigv4"
)

type sentBatch struct {
	QueueUrl string
	Entries  []struct{ Id, MessageBody, MessageGroupId, MessageDeduplicationId string }
}

func TestMessagesOfFIFOQueuesHaveIDsOfTheirOwn(t *testing.T) {
	o := &Options{Queue: Queue{ID: `http://h/1/q"`}, Operation: SendMessageBatch, Connections: 2, Records: 3, Size: 50, Groups: 4, FirstGroup: 5}
	ids, groups := map[string]bool{}, map[string]bool{}
	for i := range 2 {
		s := newSender(o, i)
		for range 2 * len(s.requests) {
			r := s.request(3)
			if r.hash != sigv4.HashBody(r.body) || !r.signed.IsZero() {
				t.Fatal("a new body with the hash or the signature of an old one")
			}
			var b sentBatch
			if err := json.Unmarshal(r.body, &b); err != nil {
				t.Fatalf("%v: %s", err, r.body)
			}
			if b.QueueUrl != `http://h/1/q"` || len(b.Entries) != 3 {
				t.Fatalf("%+v", b)
			}
			for _, e := range b.Entries {
				if ids[e.MessageDeduplicationId] || len(e.MessageBody) != 50 {
					t.Fatalf("%+v", e)
				}
				ids[e.MessageDeduplicationId], groups[e.MessageGroupId] = true, true
			}
		}
	}
	if len(groups) != 4 || !groups["00000005"] || !groups["00000008"] {
		t.Error(groups)
	}
	var b sentBatch
	if err := json.Unmarshal(newSender(o, 0).request(1).body, &b); err != nil || len(b.Entries) != 1 {
		t.Errorf("%v %+v", err, b)
	}
}

func TestMessagesOfStandardQueuesAreReplayed(t *testing.T) {
	o := &Options{Queue: Queue{ID: "u"}, Operation: SendMessage, Connections: 1, Size: 256}
	s := newSender(o, 0)
	first := s.request(1)
	for range len(s.requests) - 1 {
		if s.request(1) == first {
			t.Fatal("a request came again too early")
		}
	}
	if s.request(1) != first || strings.Contains(string(first.body), "Group") {
		t.Errorf("%s", first.body)
	}
}

func TestHandlesAreFound(t *testing.T) {
	rest := []byte(`{"Messages":[{"Body":"ReceiptHandle","ReceiptHandle":"AQ=="},{"ReceiptHandle": "Bw"},{"ReceiptHandle":"cut`)
	var all []string
	for {
		var h []byte
		if h, rest = nextHandle(rest); h == nil {
			break
		}
		all = append(all, string(h))
	}
	if strings.Join(all, " ") != "AQ== Bw" {
		t.Errorf("%q", all)
	}
}

func TestFailuresOfBatchesAreSeen(t *testing.T) {
	for answer, want := range map[string]bool{
		``: false, `{}`: false, `{"Successful":[{"Id":"0"}]}`: false, `{"Successful":[],"Failed":[]}`: false, `{"FailedRecordCount":0}`: false,
		`{"Failed":[{"Id":"0"}]}`: true, `{"Successful":[], "Failed" : [ {"Id":"0"}]}`: true,
	} {
		if got := anyFailed([]byte(answer)); got != want {
			t.Errorf("%s: %v", answer, got)
		}
	}
}

// queueServer is a queue in memory, as far as loads need one.
type queueServer struct {
	mu              sync.Mutex
	waiting, taken  int
	sent, deleted   int
	refuseDeletions bool
}

func (q *queueServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !strings.Contains(r.Header.Get("Authorization"), "/sqs/aws4_request") || r.Header.Get("Content-Type") != "application/x-amz-json-1.0" {
		http.Error(w, "not signed for SQS", http.StatusForbidden)
		return
	}
	var in struct {
		MaxNumberOfMessages int
		Entries             []struct{ Id, ReceiptHandle string }
	}
	_ = json.NewDecoder(r.Body).Decode(&in)
	answer := `{}`
	switch strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.") {
	case "SendMessageBatch":
		q.sent += len(in.Entries)
		q.waiting += len(in.Entries)
	case "ReceiveMessage":
		n := min(in.MaxNumberOfMessages, q.waiting)
		q.waiting, q.taken = q.waiting-n, q.taken+n
		answer = `{"Messages":[` + strings.TrimSuffix(strings.Repeat(`{"ReceiptHandle":"AQE="},`, n), ",") + `]}`
	case "DeleteMessageBatch":
		for _, e := range in.Entries {
			if e.ReceiptHandle == "AQE=" {
				q.deleted++
			}
		}
		if q.refuseDeletions {
			answer = `{"Failed":[{"Id":"0"}]}`
		}
	}
	_, _ = io.WriteString(w, answer)
}

// onQueueServer runs a load on a queue.
func onQueueServer(t *testing.T, q *queueServer, o Options) *Result {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: q, ReadHeaderTimeout: time.Minute}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	o.Queue = Queue{Target{Host: l.Addr().String(), Region: "r", Credentials: sigv4.Credentials{AccessKeyID: "AK", SecretAccessKey: "SK"}}, "u"}
	o.Protocol, o.Size, o.Duration = JSON, 256, time.Minute
	r, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestCyclesDeleteWhatTheySend(t *testing.T) {
	var q queueServer
	r := onQueueServer(t, &q, Options{Operation: QueueCycle, Connections: 4, Records: 10, Limit: 400})
	if r.Errors > 0 || q.sent != 400 || q.deleted != 400 || q.waiting != 0 {
		t.Errorf("%+v; %d sent, %d deleted, %d left", r, q.sent, q.deleted, q.waiting)
	}
}

func TestReceivesKeepTheDepth(t *testing.T) {
	q := queueServer{waiting: 25}
	r := onQueueServer(t, &q, Options{Operation: ReceiveMessage, Connections: 1, Records: 10, Limit: 50})
	if r.Errors > 0 || q.waiting != 25 || q.deleted != 50 || q.sent != 50 {
		t.Errorf("%+v; %+v", r, &q)
	}
}

func TestDeletionsThatFailAreErrors(t *testing.T) {
	q := queueServer{refuseDeletions: true}
	r := onQueueServer(t, &q, Options{Operation: QueueCycle, Connections: 1, Records: 10, Limit: 20})
	if r.Errors != 2 || !strings.Contains(r.FirstError, "DeleteMessageBatch") {
		t.Errorf("%+v", r)
	}
}

func TestLoadsOnQueuesAreChecked(t *testing.T) {
	for _, o := range []Options{
		{Operation: SendMessageBatch, Records: 11, Size: 1, Protocol: JSON},
		{Operation: QueueCycle, Records: 10, Size: 200_000, Protocol: JSON},
		{Operation: SendMessage, Size: 1, Protocol: CBOR},
		{Operation: SendMessage, Size: 2 << 20, Protocol: JSON},
	} {
		o.Connections, o.Duration = 1, time.Second
		if _, err := Run(t.Context(), o); err == nil {
			t.Errorf("%+v is accepted", o)
		}
	}
}
