package sqs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
)

// export returns the lines of an export.
func (r *rig) export(name string) (lines [][]byte) {
	r.t.Helper()
	total := int64(-1)
	err := r.Export(context.Background(), r.found(name), func(n int64) { total = n }, func(m *StoredMessage) error {
		line, err := json.Marshal(m)
		lines = append(lines, line)
		return err
	})
	if err != nil || int64(len(lines)) != total {
		r.t.Fatalf("%d messages exported, %d announced: %v", len(lines), total, err)
	}
	return lines
}

func (r *rig) imported(name string, lines [][]byte) ImportResult {
	r.t.Helper()
	got, err := r.Import(context.Background(), r.found(name), lines)
	if err != nil {
		r.t.Fatal(err)
	}
	return got
}

// sendAll sends a message with everything that one can have.
func (r *rig) sendAll(url, body string, fifo bool) {
	r.t.Helper()
	in := &sqsapi.SendMessageRequest{
		QueueUrl: api.Some(url), MessageBody: api.Some(body), MessageGroupId: api.Some("g"),
		MessageAttributes: map[string]sqsapi.MessageAttributeValue{
			"text":   {DataType: api.Some("String.x"), StringValue: api.Some("<é&\n>")},
			"number": {DataType: api.Some("Number"), StringValue: api.Some("-1.5e3")},
			"bytes":  {DataType: api.Some("Binary"), BinaryValue: []byte{0, 255, 1}},
		},
		MessageSystemAttributes: map[string]sqsapi.MessageSystemAttributeValue{
			"AWSTraceHeader": {DataType: api.Some("String"), StringValue: api.Some("Root=1-2")},
		},
	}
	if fifo {
		in.MessageDeduplicationId = api.Some(fmt.Sprint("d", len(body)))
	}
	if err := r.SendMessage(r.ctx(sqsapi.OpSendMessage), in, new(sqsapi.SendMessageResult)); err != nil {
		r.t.Fatal(err)
	}
}

// TestExportAndImport brings messages from one queue to another: what was sent
// arrives, and nothing is taken.
func TestExportAndImport(t *testing.T) {
	for _, suffix := range []string{"", ".fifo"} {
		r := newRig(t)
		attributes := map[string]string{"SqsManagedSseEnabled": "true"}
		if suffix != "" {
			attributes["FifoQueue"] = "true"
		}
		from, to := r.create("from"+suffix, attributes), r.create("to"+suffix, attributes)
		body := "tab\t \"quoted\" \u2028 \U0001F600 <b>"
		r.sendAll(from, body, suffix != "")
		r.sendAll(from, "second", suffix != "")
		r.wantBodies(r.receive(from, 1), body+" ") // in flight is exported too
		lines := r.export("from" + suffix)
		if got := r.imported("to"+suffix, lines); got != (ImportResult{Sent: 2}) {
			t.Fatalf("imported: %+v", got)
		}
		r.restart()
		want := map[string]sqsapi.Message{}
		r.clock.Advance(31e9)
		for _, m := range r.receive(from, 10) {
			want[m.Body.V] = m
		}
		got := r.receive(to, 10)
		if len(got) != 2 || len(want) != 2 {
			t.Fatalf("%d messages arrived, %d stayed", len(got), len(want))
		}
		for _, m := range got {
			w := want[m.Body.V]
			if m.MD5OfMessageAttributes != w.MD5OfMessageAttributes || m.MD5OfBody != w.MD5OfBody || m.MessageId == w.MessageId {
				t.Errorf("%+v came of %+v", m, w)
			}
			for _, name := range []string{"MessageGroupId", "MessageDeduplicationId", "AWSTraceHeader"} {
				if m.Attributes[name] != w.Attributes[name] {
					t.Errorf("%s: %q came of %q", name, m.Attributes[name], w.Attributes[name])
				}
			}
		}
		if suffix != "" {
			if again := r.imported("to.fifo", lines); again != (ImportResult{Repeated: 2}) {
				t.Errorf("imported again at once: %+v", again)
			}
		}
	}
}

func TestImportStopsAtABadLine(t *testing.T) {
	r := newRig(t)
	r.create("orders", map[string]string{"MaximumMessageSize": "1024"})
	r.create("orders.fifo", map[string]string{"FifoQueue": "true"})
	good := []byte(`{"Body":"good","ReceiptHandle":"of aws sqs receive-message"}`)
	for line, want := range map[string]string{
		`{"Body":`:                    "not a message in JSON",
		`"text"`:                      "not a message in JSON",
		"{\"Body\":\"\xff\"}":         "not UTF-8",
		`{"Size":12}`:                 "MessageBody",
		`{"Body":"a","BodyCut":true}`: "a peek is not an export",
		`{"Body":"` + strings.Repeat("a", 1025) + `"}`:                 "shorter than 1024 bytes",
		`{"Body":"a","MessageAttributes":{"n":{"DataType":"Number"}}}`: "non-empty value",
		`{"Body":"a","Attributes":{"MessageGroupId":""}}`:              "MessageGroupId",
	} {
		got := r.imported("orders", [][]byte{good, good, []byte(line), good})
		if got.Sent != 2 || !strings.Contains(got.Bad, want) {
			t.Errorf("%s: %+v, want %q", line, got, want)
		}
	}
	if got := r.imported("orders.fifo", [][]byte{good}); got.Sent != 0 || !strings.Contains(got.Bad, "MessageGroupId") {
		t.Errorf("into a FIFO queue: %+v", got)
	}
	if p := r.peek("orders", PeekOptions{}); p.Total != 16 {
		t.Errorf("%d messages are there", p.Total)
	}
}

// TestImportedDeadLettersCanBeMoved brings dead letters out of their queue and
// back.
func TestImportedDeadLettersCanBeMoved(t *testing.T) {
	r := newRig(t)
	r.create("dead", nil)
	work := r.create("work", map[string]string{
		"VisibilityTimeout": "0", "RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":1}`,
	})
	r.create("other", nil)
	r.send(work, "job", "", "")
	for range 2 {
		r.receive(work, 1)
	}
	for r.peek("dead", PeekOptions{}).Total == 0 {
		runtime.Gosched()
	}
	lines := r.export("dead")
	for name, want := range map[string]string{"dead": "arn:aws:sqs:us-east-1:000000000000:work", "other": "", "work": ""} {
		if got := r.imported(name, lines); got != (ImportResult{Sent: 1}) {
			t.Fatalf("imported to %s: %+v", name, got)
		}
		all := r.peek(name, PeekOptions{}).Messages
		if m := all[len(all)-1]; m.Body != "job" || m.Attributes["DeadLetterQueueSourceArn"] != want {
			t.Errorf("in %s it is %+v", name, m)
		}
	}
}

func TestExportIsOfOneMoment(t *testing.T) {
	r := newRig(t)
	url := r.create("orders", nil)
	for i := range 5 {
		r.send(url, fmt.Sprint("m", i), "", "")
	}
	var got PeekPage
	err := r.Export(context.Background(), r.found("orders"), func(int64) {}, func(m *StoredMessage) error {
		if len(got.Messages) == 0 { // the queue goes on
			r.send(url, "new", "", "")
			for _, m := range r.receive(url, 3) {
				if err := r.delete(url, m); err != nil {
					t.Fatal(err)
				}
			}
		}
		m.Body = strings.Clone(m.Body) // it is the row's
		got.Messages = append(got.Messages, *m)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	r.wantTold(&got, "m0 visible 0, m1 visible 0, m2 visible 0, m3 visible 0, m4 visible 0")
	r.wantTold(r.peek("orders", PeekOptions{}), "m3 visible 0, m4 visible 0, new visible 0")
}

func TestExportEndsWithItsReader(t *testing.T) {
	r := newRig(t)
	url := r.create("orders", nil)
	for i := range 3 {
		r.send(url, fmt.Sprint(i), "", "")
	}
	n, enough := 0, errors.New("enough")
	err := r.Export(context.Background(), r.found("orders"), func(int64) {}, func(*StoredMessage) error { n++; return enough })
	if !errors.Is(err, enough) || n != 1 {
		t.Errorf("%d messages, %v", n, err)
	}
}
