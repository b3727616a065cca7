package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// queues is a server with queues, and a person who looks at them.
type queues struct {
	*server
	*sqs.Client
	data string
}

func startQueues(t *testing.T) *queues {
	t.Helper()
	data := dataDir(t)
	s := start(t, nil, data)
	key := func(name string) string {
		_, rest, _ := strings.Cut(s.Text(), "export "+name+"=")
		value, _, _ := strings.Cut(rest, "\n")
		return strings.TrimSpace(value)
	}
	c := sqs.New(sqs.Options{Region: "us-east-1", BaseEndpoint: &s.http, Credentials: credentials.NewStaticCredentialsProvider(key("AWS_ACCESS_KEY_ID"), key("AWS_SECRET_ACCESS_KEY"), "")})
	return &queues{s, c, data}
}

func (q *queues) create(name string, attributes map[string]string) *string {
	q.t.Helper()
	out, err := q.CreateQueue(q.t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		q.t.Fatal(err)
	}
	return out.QueueUrl
}

func (q *queues) send(url *string, body string) {
	q.t.Helper()
	_, err := q.SendMessage(q.t.Context(), &sqs.SendMessageInput{QueueUrl: url, MessageBody: &body, MessageAttributes: map[string]types.MessageAttributeValue{
		"kind": {DataType: aws.String("String"), StringValue: aws.String("test")},
	}})
	if err != nil {
		q.t.Fatal(err)
	}
}

// admin runs millrace admin sqs, and fails the test where it does not end as
// wanted.
func (q *queues) admin(want int, args ...string) (stdout, stderr string) {
	q.t.Helper()
	status, stdout, stderr := run(q.t, nil, append(append([]string{"admin", "sqs"}, args...), q.data)...)
	if status != want {
		q.t.Fatalf("%v: exit status %d, %s%s", args, status, stdout, stderr)
	}
	return stdout, stderr
}

func (q *queues) says(text string, want ...string) {
	q.t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			q.t.Errorf("%q does not say %q", text, w)
		}
	}
}

func TestPeekTakesNothing(t *testing.T) {
	q := startQueues(t)
	url := q.create("orders", nil)
	q.send(url, "first\n\u202ered")
	q.send(url, "second")
	for range 2 {
		stdout, stderr := q.admin(0, "peek", "orders")
		q.says(stdout, `first\n\u{202e}red`, "kind: test", "second", "visible")
		q.says(stderr, "2 of 2 messages")
	}
	got, err := q.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: url, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"}})
	if err != nil || len(got.Messages) != 1 || got.Messages[0].Attributes["ApproximateReceiveCount"] != "1" {
		t.Fatalf("received %+v, %v", got, err)
	}
	stdout, _ := q.admin(0, "peek", *url, "--state=in-flight", "--json", "--body-bytes=3")
	q.says(stdout, `"Body":"fir","BodyCut":true`, `"State":"in-flight"`, `"ApproximateReceiveCount":"1"`, `"VisibleAfter":"`)
	_, stderr := q.admin(0, "peek", "arn:aws:sqs:us-east-1:000000000000:orders", "--limit=1")
	_, after, _ := strings.Cut(strings.TrimSpace(stderr), "--after ")
	stdout, stderr = q.admin(0, "peek", "orders", "--after", after)
	q.says(stdout, "second")
	q.says(stderr, "1 of 2 messages\n")

	_, stderr = q.admin(exitFailed, "peek", "ordres")
	q.says(stderr, "did you mean orders?")
	_, stderr = q.admin(exitFailed, "peek", "orders", "--region=eu-west-1")
	q.says(stderr, "there is one in region us-east-1")
	_, stderr = q.admin(exitFailed, "peek", "orders", "--after=nowhere")
	q.says(stderr, "is not a position")
	q.admin(exitUsage, "peek", "orders", "--state=seen")
}

func TestExportThenImport(t *testing.T) {
	q := startQueues(t)
	from := q.create("from", nil)
	to := q.create("to", nil)
	for i := range 12 {
		q.send(from, fmt.Sprint("message ", i))
	}
	file := filepath.Join(t.TempDir(), "lines")
	_, stderr := q.admin(0, "export", "from", "--out", file)
	q.says(stderr, "12 messages", file)
	_, stderr = q.admin(exitUsage, "export", "from", "--out", file)
	q.says(stderr, "is there already")
	stdout, _ := q.admin(0, "export", "from")
	lines, err := os.ReadFile(file)
	if err != nil || stdout != string(lines) || strings.Count(stdout, "\n") != 12 {
		t.Fatalf("exported %q to the file, %q to standard output: %v", lines, stdout, err)
	}

	// A bad line in the middle: it is named, and the import goes on where it ended.
	split := strings.SplitAfter(string(lines), "\n")
	split[5] = "\n{\"Body\": 7}\n"
	bad := filepath.Join(t.TempDir(), "bad")
	if err := os.WriteFile(bad, []byte(strings.Join(split, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	_, stderr = q.admin(exitFailed, "import", "to", "--in", bad)
	q.says(stderr, "5 messages sent", "line 7: ", "--from-line 8")
	_, stderr = q.admin(0, "import", "to", "--in", bad, "--from-line=8")
	q.says(stderr, "6 messages sent")
	_, stderr = q.admin(0, "peek", "to")
	q.says(stderr, "10 of 11 messages")
	got, err := q.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: to, MessageAttributeNames: []string{"All"}, MaxNumberOfMessages: 1})
	if err != nil || len(got.Messages) != 1 || *got.Messages[0].Body != "message 0" || *got.Messages[0].MessageAttributes["kind"].StringValue != "test" {
		t.Errorf("received %+v, %v", got, err)
	}
	_, stderr = q.admin(exitFailed, "import", "two", "--in", file)
	q.says(stderr, "did you mean to?")
}

func TestQueuesNeedTheRootKey(t *testing.T) {
	q := startQueues(t)
	q.create("orders", nil)
	for _, what := range []string{"peek", "export", "import", "redrive", "move"} {
		if status, _ := q.do("POST", "/_millrace/sqs/"+what+"?queue=orders&account=000000000000&region=us-east-1", "root", "wrong"); status != 401 {
			t.Errorf("%s with a wrong key: status %d", what, status)
		}
		if what == "move" {
			continue // redrive asks for it
		}
		status, _, stderr := run(t, []string{"MILLRACE_ROOT_ACCESS_KEY_ID=root", "MILLRACE_ROOT_SECRET_ACCESS_KEY=wrong"}, "admin", "sqs", what, "orders", q.data)
		if status != exitFailed || !strings.Contains(stderr, "root key") {
			t.Errorf("%s with a wrong key: exit status %d, %s", what, status, stderr)
		}
	}
}

func TestRedrive(t *testing.T) {
	q := startQueues(t)
	q.create("dead", nil)
	q.create("other", nil)
	url := q.create("work", map[string]string{
		"VisibilityTimeout": "0", "RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":1}`,
	})
	for i := range 3 {
		q.send(url, fmt.Sprint("job ", i))
	}
	die := func() {
		for {
			got, err := q.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: url, MaxNumberOfMessages: 10})
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Messages) == 0 {
				return
			}
		}
	}
	die()
	for { // dead letters arrive a moment after the receive that found them dead
		stdout, stderr := q.admin(0, "peek", "dead")
		if strings.Contains(stderr, "3 of 3 messages") {
			q.says(stdout, "from work", "received 1 time")
			break
		}
	}
	stdout, _ := q.admin(0, "redrive", "dead", "--to=other", "--rate=1")
	q.says(stdout, "the move has begun", "of about 3 messages moved to other")
	_, stderr := q.admin(exitFailed, "redrive", "dead", "--to=work", "--wait")
	q.says(stderr, "under way already", "--wait alone")
	stdout, stderr = q.admin(0, "redrive", "dead", "--wait")
	q.says(stderr, "under way already")
	q.says(stdout, "3 of about 3 messages moved to other")
	_, stderr = q.admin(exitFailed, "redrive", "other")
	q.says(stderr, "Dead Letter Queue")
	_, stderr = q.admin(exitFailed, "redrive", "daed")
	q.says(stderr, "did you mean dead?")
	stdout, _ = q.admin(0, "redrive", "dead", "--wait")
	q.says(stdout, "the move is completed: 0 of about 0 messages moved to where they came from")
}
