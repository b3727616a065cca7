package conformance

import (
	"crypto/md5"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// What is on the wire to the byte (§1, §15.2).

// exchange is a request and the answer to it: bodies are regular expressions.
type exchange struct {
	name         string
	answer       func() queueAnswer
	status       int
	contentType  string
	body         string
	errorAndType string // of x-amzn-query-error
}

func (s *server) wantExchanges(t *testing.T, all []exchange) {
	t.Helper()
	for _, x := range all {
		a := x.answer()
		if a.status != x.status || !strings.HasPrefix(a.header.Get("Content-Type"), x.contentType) || !regexp.MustCompile(x.body).MatchString(a.body) || a.header.Get("X-Amzn-Query-Error") != x.errorAndType {
			t.Errorf("%s: status %d, headers %v, %q\nwant %d %s %s", x.name, a.status, a.header, a.body, x.status, x.body, x.errorAndType)
		}
		if a.header.Get("X-Amzn-Requestid") == "" {
			t.Errorf("%s: no request id in %v", x.name, a.header)
		}
	}
}

const uuidPattern = `[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`

func TestQueueAnswersInJSON(t *testing.T) {
	t.Parallel()
	s := startQueues(t)
	c := s.queues()
	q := newQueue(t, c, "q", nil)
	call := func(path, operation, body string) func() queueAnswer {
		return func() queueAnswer {
			return s.askJSON(t, path, operation, strings.ReplaceAll(body, "{q}", *q))
		}
	}
	path := "/" + account + "/q"
	s.wantExchanges(t, []exchange{
		// Empty lists and maps are left out.
		{"an empty receive", call("/", "ReceiveMessage", `{"QueueUrl":"{q}"}`), 200, queueJSON, `^\{\}$`, ""},
		{"no queues of the prefix", call("/", "ListQueues", `{"QueueNamePrefix":"none"}`), 200, queueJSON, `^\{\}$`, ""},
		{"no tags", call("/", "ListQueueTags", `{"QueueUrl":"{q}"}`), 200, queueJSON, `^\{\}$`, ""},
		{"no attributes", call("/", "GetQueueAttributes", `{"QueueUrl":"{q}"}`), 200, queueJSON, `^\{\}$`, ""},
		{"no sources", call("/", "ListDeadLetterSourceQueues", `{"QueueUrl":"{q}"}`), 200, queueJSON, `^\{("queueUrls":\[\])?\}$`, ""},
		{"nothing failed", call("/", "SendMessageBatch", `{"QueueUrl":"{q}","Entries":[{"Id":"a","MessageBody":"x"}]}`), 200, queueJSON, `^\{"Successful":\[\{[^]]*\}\]\}$`, ""},
		{"everything failed", call("/", "DeleteMessageBatch", `{"QueueUrl":"{q}","Entries":[{"Id":"a","ReceiptHandle":"x"}]}`), 200, queueJSON, `^\{"Failed":\[\{[^]]*\}\]\}$`, ""},
		{"no output", call("/", "TagQueue", `{"QueueUrl":"{q}","Tags":{"a":"b"}}`), 200, queueJSON, `^(\{\})?$`, ""},
		{"a purge", call("/", "PurgeQueue", `{"QueueUrl":"{q}"}`), 200, queueJSON, `^(\{\})?$`, ""},
		// Numbers for texts, as clients write them by hand.
		{"numbers for attributes", call("/", "SetQueueAttributes", `{"QueueUrl":"{q}","Attributes":{"VisibilityTimeout":31}}`), 200, queueJSON, `^(\{\})?$`, ""},
		{"are texts", call("/", "GetQueueAttributes", `{"QueueUrl":"{q}","AttributeNames":["VisibilityTimeout"]}`), 200, queueJSON, `^\{"Attributes":\{"VisibilityTimeout":"31"\}\}$`, ""},
		// The PHP SDK posts to the queue's URL.
		{"by the queue's path", call(path, "SendMessage", `{"QueueUrl":"{q}","MessageBody":"x"}`), 200, queueJSON, `"MD5OfMessageBody":"9dd4e461268c8034f5c8564e155c67a6"`, ""},
		{"by the queue's path alone", call(path, "SendMessage", `{"MessageBody":"x"}`), 200, queueJSON, `"MessageId":"` + uuidPattern + `"`, ""},
		{"by a path with a slash", call(path+"/", "ReceiveMessage", `{"QueueUrl":"{q}"}`), 200, queueJSON, `"Body":"x"`, ""},
		// What a URL of a queue can look like.
		{"a name", call("/", "GetQueueAttributes", `{"QueueUrl":"q","AttributeNames":["DelaySeconds"]}`), 200, queueJSON, `"DelaySeconds":"0"`, ""},
		{"another host", call("/", "GetQueueAttributes", `{"QueueUrl":"https://sqs.us-east-1.amazonaws.com/`+account+`/q","AttributeNames":["DelaySeconds"]}`), 200, queueJSON, `"DelaySeconds":"0"`, ""},
		{"a path before", call("/", "GetQueueAttributes", `{"QueueUrl":"http://localhost:4566/queue/us-east-1/`+account+`/q/","AttributeNames":["DelaySeconds"]}`), 200, queueJSON, `"DelaySeconds":"0"`, ""},
		{"no such queue", call("/", "ReceiveMessage", `{"QueueUrl":"`+s.url+`/`+account+`/nowhere"}`), 400, queueJSON, `^\{"__type":"com\.amazonaws\.sqs#QueueDoesNotExist","message":"The specified queue does not exist\."\}$`, "AWS.SimpleQueueService.NonExistentQueue;Sender"},
		{"no such path", call("/"+account+"/nowhere", "ReceiveMessage", `{}`), 400, queueJSON, `"__type":"com\.amazonaws\.sqs#QueueDoesNotExist"`, "AWS.SimpleQueueService.NonExistentQueue;Sender"},
		{"what is not modelled", call("/", "ReceiveMessage", `{"QueueUrl":"{q}","MaxNumberOfMessages":11}`), 400, queueJSON, `^\{"__type":"com\.amazon\.coral\.service#InvalidParameterValueException","message":"Value 11`, "InvalidParameterValue;Sender"},
		{"members that are not known", call("/", "ListQueues", `{"Nonsense":{"a":[1]},"QueueNamePrefix":null}`), 200, queueJSON, `"QueueUrls":\["`, ""},
		{"half a surrogate pair", call("/", "SendMessage", `{"QueueUrl":"{q}","MessageBody":"\ud800"}`), 400, queueJSON, `#(InvalidMessageContents|SerializationException)"`, "MalformedInput;Sender"},
	})
	if a := s.askJSON(t, "/", "Frobnicate", `{}`); a.status != 400 || !strings.Contains(a.body, "UnknownOperationException") {
		t.Errorf("an unknown operation: %d %s", a.status, a.body)
	}
	for name, body := range map[string]string{"half a body": `{"QueueUrl":`, "a list": `[]`, "a number for a text": `{"QueueUrl":7}`, "a text for a number": `{"QueueUrl":"q","MaxNumberOfMessages":"x"}`} {
		if a := s.askJSON(t, "/", "ReceiveMessage", body); a.status != 400 || !strings.Contains(a.body, "SerializationException") {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	// The header of a trace is that of the message.
	traced := func(r *http.Request) { r.Header.Set("X-Amzn-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793") }
	if a := s.askJSON(t, "/", "SendMessage", `{"QueueUrl":"q","MessageBody":"traced"}`, traced); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	eventually(t, "the traced message is there", func() bool {
		for _, m := range receive(t, c, q) {
			if *m.Body == "traced" {
				if m.Attributes["AWSTraceHeader"] != "Root=1-5759e988-bd862e3fe1be46a994272793" {
					t.Errorf("%v", m.Attributes)
				}
				return true
			}
		}
		return false
	})
}

func TestQueueAnswersInXML(t *testing.T) {
	t.Parallel()
	s := startQueues(t)
	c := s.queues()
	q := newQueue(t, c, "q", nil)
	path := "/" + account + "/q"
	post := func(path, operation string, form url.Values) func() queueAnswer {
		return func() queueAnswer { return s.askForm(t, path, operation, form) }
	}
	get := func(path, operation string, form url.Values) func() queueAnswer {
		return func() queueAnswer { return s.askURL(t, path, operation, form) }
	}
	of := func(pairs ...string) url.Values {
		form := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		return form
	}
	id := `<ResponseMetadata><RequestId>` + uuidPattern + `</RequestId></ResponseMetadata>`
	open := func(operation string) string {
		return `<` + operation + `Response xmlns="http://queue\.amazonaws\.com/doc/2012-11-05/">`
	}
	s.wantExchanges(t, []exchange{
		{"a queue is made", post("/", "CreateQueue", of("QueueName", "made", "Attribute.1.Name", "VisibilityTimeout", "Attribute.1.Value", "7", "Tag.1.Key", "k", "Tag.1.Value", "v")), 200, "text/xml", open("CreateQueue") + `<CreateQueueResult><QueueUrl>` + regexp.QuoteMeta(s.url) + `/000000000000/made</QueueUrl></CreateQueueResult>` + id, ""},
		{"an attribute without a number", post("/", "CreateQueue", of("QueueName", "made2", "Attribute.Name", "VisibilityTimeout", "Attribute.Value", "9")), 200, "text/xml", `/made2</QueueUrl>`, ""},
		{"was taken", post("/"+account+"/made2", "GetQueueAttributes", of("AttributeName.1", "VisibilityTimeout")), 200, "text/xml", open("GetQueueAttributes") + `<GetQueueAttributesResult><Attribute><Name>VisibilityTimeout</Name><Value>9</Value></Attribute></GetQueueAttributesResult>` + id, ""},
		{"lists under the members' names", post("/"+account+"/made", "TagQueue", of("Tags.1.Key", "a", "Tags.1.Value", "1")), 200, "text/xml", open("TagQueue") + id, ""},
		{"tags", get("/"+account+"/made", "ListQueueTags", nil), 200, "text/xml", `(<Tag><Key>[ak]</Key><Value>[1v]</Value></Tag>){2}`, ""},
		{"all queues", get("/", "ListQueues", of("QueueNamePrefix", "made")), 200, "text/xml", `<ListQueuesResult>(<QueueUrl>[^<]*/made2?</QueueUrl>){2}</ListQueuesResult>`, ""},
		{"no queue", get("/", "ListQueues", of("QueueNamePrefix", "none")), 200, "text/xml", `<ListQueuesResult ?/?>(</ListQueuesResult>)?<ResponseMetadata>`, ""},
		{"an empty receive", get(path, "ReceiveMessage", nil), 200, "text/xml", `<ReceiveMessageResult ?/?>(</ReceiveMessageResult>)?<ResponseMetadata>`, ""},
		{"a message by GET", get(path, "SendMessage", of("MessageBody", "{\"a\":\"b\"}\r\n", "MessageAttribute.1.Name", "n", "MessageAttribute.1.Value.DataType", "String", "MessageAttribute.1.Value.StringValue", "<&>\"")), 200, "text/xml", open("SendMessage") + `<SendMessageResult>.*<MD5OfMessageBody>` + md5Hex("{\"a\":\"b\"}\r\n") + `</MD5OfMessageBody>`, ""},
		// A quote and a carriage return are escaped, or parsers would change them.
		{
			"a receive by GET", get(path, "ReceiveMessage", of("MessageAttributeName.1", "All", "AttributeName.1", "ApproximateReceiveCount", "VisibilityTimeout", "0")), 200, "text/xml",
			`<ReceiveMessageResult><Message>.*<Body>\{&quot;a&quot;:&quot;b&quot;\}&#xD;(\n|&#xA;)</Body>`, "",
		},
		{"its attributes", post(path, "ReceiveMessage", of("MessageAttributeNames.1", "n", "MessageSystemAttributeName.1", "ApproximateReceiveCount", "VisibilityTimeout", "0")), 200, "text/xml", `<Attribute><Name>ApproximateReceiveCount</Name><Value>2</Value></Attribute>`, ""},
		{"and those of the message", post(path, "ReceiveMessage", of("MessageAttributeName.1", "n", "VisibilityTimeout", "0")), 200, "text/xml", `<MessageAttribute><Name>n</Name><Value>(<StringValue>&lt;&amp;&gt;&quot;</StringValue>|<DataType>String</DataType>){2}</Value></MessageAttribute>`, ""},
		{
			"a batch", post("/", "SendMessageBatch", of("QueueUrl", *q, "SendMessageBatchRequestEntry.1.Id", "a", "SendMessageBatchRequestEntry.1.MessageBody", "x", "SendMessageBatchRequestEntry.2.Id", "b", "SendMessageBatchRequestEntry.2.MessageBody", "\x01")), 200, "text/xml",
			`<SendMessageBatchResultEntry>.*<Id>a</Id>.*</SendMessageBatchResultEntry><BatchResultErrorEntry>.*<Code>InvalidMessageContents</Code>`, "",
		},
		{"a bad handle", post(path, "DeleteMessage", of("ReceiptHandle", "garbage")), 404, "text/xml", `<ErrorResponse xmlns="http://queue\.amazonaws\.com/doc/2012-11-05/"><Error><Type>Sender</Type><Code>ReceiptHandleIsInvalid</Code><Message>The input receipt handle &quot;garbage&quot; is not a valid receipt handle\.</Message><Detail ?/></Error><RequestId>` + uuidPattern + `</RequestId></ErrorResponse>`, ""},
		{"no such queue", get("/"+account+"/nowhere", "GetQueueAttributes", of("AttributeName.1", "All")), 400, "text/xml", `<Code>AWS\.SimpleQueueService\.NonExistentQueue</Code><Message>The specified queue does not exist for this wsdl version\.</Message>`, ""},
		{"an unknown action", get("/", "FooBar", nil), 400, "text/xml", `<Code>InvalidAction</Code><Message>The action FooBar is not valid for this endpoint\.</Message>`, ""},
		{"an unknown action at a queue", get(path, "FooBar", nil), 400, "text/xml", `<Code>InvalidAction</Code><Message>The action FooBar is not valid for this endpoint\.</Message>`, ""},
		{"an action of no queue", get(path, "ListQueues", nil), 400, "text/xml", `<Code>InvalidAction</Code><Message>The action ListQueues is not valid for this endpoint\.</Message>`, ""},
		{"another of no queue", post(path, "CreateQueue", of("QueueName", "x")), 400, "text/xml", `<Code>InvalidAction</Code><Message>The action CreateQueue is not valid for this endpoint\.</Message>`, ""},
		{"the URL of a queue, by its path", get(path, "GetQueueUrl", of("QueueName", "made")), 200, "text/xml", `/made</QueueUrl>`, ""},
		{"no action", func() queueAnswer {
			return s.ask(t, http.MethodGet, path, "", "", func(r *http.Request) { r.Header.Set("Accept", "application/json") })
		}, 404, "", `^<UnknownOperationException/>`, ""},
		{"a purge", post(path, "PurgeQueue", nil), 200, "text/xml", open("PurgeQueue") + id, ""},
		{"a queue is deleted", get(path, "DeleteQueue", nil), 200, "text/xml", open("DeleteQueue") + id, ""},
	})
}

func md5Hex(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

// signedBy is a signature, of some bytes, by a key.
func signedBy(key string) string {
	return "AWS4-HMAC-SHA256 Credential=" + key + "/" + time.Now().UTC().Format("20060102") + "/" + region + "/sqs/aws4_request, SignedHeaders=host;x-amz-date, Signature=" + strings.Repeat("0", 64)
}

// What is wrong with a signature is said in the protocol's own words (§2).
func TestQueueRequestsWithoutASignature(t *testing.T) {
	t.Parallel()
	s := startQueues(t)
	newQueue(t, s.queues(), "q", nil)
	for _, x := range []struct {
		name, contentType, target, body string
		authorization                   string
		status                          int
		answer                          string
	}{
		{"nothing, in JSON", queueJSON, "ListQueues", `{}`, "", 403, `MissingAuthenticationToken`},
		{"nothing, in Query", queueForm, "", `Action=ListQueues`, "", 403, `<Code>MissingAuthenticationToken</Code>`},
		{"an unknown key, in JSON", queueJSON, "ListQueues", `{}`, signedBy("AKIANOBODYKNOWSTHISK"), 403, `UnrecognizedClientException|InvalidClientTokenId`},
		{"an unknown key, in Query", queueForm, "", `Action=ListQueues`, signedBy("AKIANOBODYKNOWSTHISK"), 403, `<Code>InvalidClientTokenId</Code>`},
		{"a wrong signature, in JSON", queueJSON, "ListQueues", `{}`, signedBy(accessKey), 403, `InvalidSignatureException`},
		{"a wrong signature, in Query", queueForm, "", `Action=ListQueues`, signedBy(accessKey), 403, `<Code>SignatureDoesNotMatch</Code>`},
	} {
		r := must[*http.Request](t)(http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/", strings.NewReader(x.body)))
		r.Header.Set("Content-Type", x.contentType)
		if x.target != "" {
			r.Header.Set("X-Amz-Target", "AmazonSQS."+x.target)
		}
		if x.authorization != "" {
			r.Header.Set("X-Amz-Date", time.Now().UTC().Format("20060102T150405Z"))
			r.Header.Set("Authorization", x.authorization)
		}
		resp := must[*http.Response](t)(http.DefaultClient.Do(r))
		body := string(must[[]byte](t)(io.ReadAll(resp.Body)))
		_ = resp.Body.Close()
		if resp.StatusCode != x.status || !regexp.MustCompile(x.answer).MatchString(body) {
			t.Errorf("%s: status %d, %s", x.name, resp.StatusCode, body)
		}
	}
}

// Two tenants, and two regions, have queues of one name without meeting.
func TestQueuesOfRegions(t *testing.T) {
	t.Parallel()
	s := startQueues(t)
	here, there := s.queues(), s.queuesIn("eu-west-1")
	q := newQueue(t, here, "q", nil)
	newQueue(t, there, "q", nil)
	send(t, here, q, "here")
	wantReceived(t, there, q, []string{})
	a := must[*sqs.GetQueueAttributesOutput](t)(there.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: q, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn}}))
	if got := a.Attributes["QueueArn"]; got != "arn:aws:sqs:eu-west-1:"+account+":q" {
		t.Errorf("ARN %s", got)
	}
	_, err := here.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: aws.String(s.url + "/111122223333/q")})
	wantQueueError(t, err, 403, "AccessDenied", "")
}
