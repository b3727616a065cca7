package edge

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
)

// queues is a service of SQS's form that shows what it was sent.
type queues struct {
	seen string // the last input, after the name of its structure
	http api.HTTP
}

// see keeps a call. The input is pooled, and aliases the request.
func (q *queues) see(ctx context.Context, in any) {
	q.seen = strings.TrimPrefix(fmt.Sprintf("%T", in), "*sqsapi.") + describe(reflect.ValueOf(in).Elem())
	q.http = api.CallOf(ctx).HTTP()
}

// describe writes the members that are there.
func describe(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Struct:
		if set := v.FieldByName("Set"); set.IsValid() {
			if !set.Bool() {
				return ""
			}
			return fmt.Sprint(v.FieldByName("V"))
		}
		var parts []string
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				if d := describe(v.Field(i)); d != "" {
					parts = append(parts, f.Name+"="+d)
				}
			}
		}
		return "{" + strings.Join(parts, " ") + "}"
	case reflect.Slice:
		if v.IsNil() {
			return ""
		}
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return string(v.Bytes())
		}
		var parts []string
		for i := range v.Len() {
			parts = append(parts, describe(v.Index(i)))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case reflect.Map:
		if v.IsNil() {
			return ""
		}
		var parts []string
		for _, k := range []string{"A", "B", "AWSTraceHeader", "DelaySeconds", "FifoQueue", "team"} {
			if e := v.MapIndex(reflect.ValueOf(k)); e.IsValid() {
				parts = append(parts, k+":"+describe(e))
			}
		}
		return fmt.Sprintf("%d(%s)", v.Len(), strings.Join(parts, " "))
	}
	return v.String()
}

func (q *queues) SendMessage(ctx context.Context, in *sqsapi.SendMessageRequest, out *sqsapi.SendMessageResult) error {
	q.see(ctx, in)
	out.MessageId, out.MD5OfMessageBody = api.Some("m-1"), api.Some("5d41")
	return nil
}

func (q *queues) SendMessageBatch(ctx context.Context, in *sqsapi.SendMessageBatchRequest, out *sqsapi.SendMessageBatchResult) error {
	q.see(ctx, in)
	out.Successful = []sqsapi.SendMessageBatchResultEntry{{Id: api.Some("a"), MessageId: api.Some("m-1"), MD5OfMessageBody: api.Some("5d41")}}
	out.Failed = []sqsapi.BatchResultErrorEntry{{Id: api.Some("b"), SenderFault: api.Some(true), Code: api.Some("InvalidParameterValue"), Message: api.Some("no")}}
	return nil
}

func (q *queues) ReceiveMessage(ctx context.Context, in *sqsapi.ReceiveMessageRequest, out *sqsapi.ReceiveMessageResult) error {
	q.see(ctx, in)
	if in.MaxNumberOfMessages.Or(1) == 0 {
		return nil
	}
	out.MakeMessages(1)
	out.Messages = append(out.Messages, sqsapi.Message{
		MessageId: api.Some("m-1"), ReceiptHandle: api.Some("AQ+/="), MD5OfBody: api.Some("5d41"), Body: api.Some("<a>\r\n\"é\""),
		Attributes:             map[string]string{sqsapi.MessageSystemAttributeNameSenderId: "AIDA", sqsapi.MessageSystemAttributeNameSentTimestamp: "17"},
		MD5OfMessageAttributes: api.Some("7d79"),
		MessageAttributes: map[string]sqsapi.MessageAttributeValue{
			"A": {DataType: api.Some("String"), StringValue: api.Some("x")}, "B": {DataType: api.Some("Binary"), BinaryValue: []byte{0, 1, 2}},
		},
	})
	return nil
}

func (q *queues) DeleteMessage(ctx context.Context, in *sqsapi.DeleteMessageRequest) error {
	q.see(ctx, in)
	if in.ReceiptHandle.V == "garbage" {
		return sqsapi.ErrReceiptHandleIsInvalid.New(`The input receipt handle "garbage" is not a valid receipt handle.`)
	}
	return nil
}

func (q *queues) CreateQueue(ctx context.Context, in *sqsapi.CreateQueueRequest, out *sqsapi.CreateQueueResult) error {
	q.see(ctx, in)
	out.QueueUrl = api.Some("http://localhost:4566/000000000000/q")
	return nil
}

func (q *queues) GetQueueUrl(context.Context, *sqsapi.GetQueueUrlRequest, *sqsapi.GetQueueUrlResult) error {
	return sqsapi.ErrQueueDoesNotExist.New("The specified queue does not exist.")
}

func (q *queues) PurgeQueue(context.Context, *sqsapi.PurgeQueueRequest) error {
	return sqsapi.ErrMissingRequiredParameterException.New("The request must contain the parameter QueueUrl.")
}

func (q *queues) GetQueueAttributes(ctx context.Context, in *sqsapi.GetQueueAttributesRequest, out *sqsapi.GetQueueAttributesResult) error {
	q.see(ctx, in)
	out.Attributes = map[string]string{"DelaySeconds": "0", "QueueArn": "arn:aws:sqs:eu-west-1:000000000000:q"}
	return nil
}

func (q *queues) ListQueues(ctx context.Context, in *sqsapi.ListQueuesRequest, out *sqsapi.ListQueuesResult) error {
	q.see(ctx, in)
	out.QueueUrls = []string{"http://h/1/a", "http://h/1/b"}
	return nil
}

func (q *queues) TagQueue(ctx context.Context, in *sqsapi.TagQueueRequest) error {
	q.see(ctx, in)
	return nil
}

func newQueues(t *testing.T) (*Server, *queues, record) {
	t.Helper()
	q := &queues{}
	s, seen := newServer(t, nil, func(o *Options) {
		o.Services, o.Handlers = []*api.Service{sqsapi.Service}, sqsapi.Bind(q)
	})
	return s, q, seen
}

// queueCall is a request for SQS. Its form is JSON where it has a target, else a form,
// in the body of a POST or in the query of a GET.
type queueCall struct {
	method, path, target, body string
	change                     func(*http.Request)
}

func (c queueCall) request(t testing.TB) *http.Request {
	t.Helper()
	url := "http://localhost:4566" + c.path
	if c.method == http.MethodGet {
		url += "?" + c.body
		c.body = ""
	}
	r, err := http.NewRequest(c.method, url, strings.NewReader(c.body))
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case c.target != "":
		r.Header.Set("X-Amz-Target", "AmazonSQS."+c.target)
		r.Header.Set("X-Amzn-Query-Mode", "true")
		r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	case c.method == http.MethodPost:
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	}
	signFor(r, "sqs", c.body)
	if c.change != nil {
		c.change(r)
	}
	return r
}

func unsign(r *http.Request) { r.Header.Del("Authorization") }

func TestQueuesInBothProtocols(t *testing.T) {
	const (
		post, get = http.MethodPost, http.MethodGet
		url       = "http://queue.amazonaws.com/000000000000/q"
		escaped   = "http%3A%2F%2Fqueue.amazonaws.com%2F000000000000%2Fq"
		queue     = "/000000000000/q"
	)
	s, q, seen := newQueues(t)
	for _, c := range []struct {
		name string
		call queueCall
		seen string // what the service was sent
		want string // the answer, without envelope
	}{
		{"JSON", queueCall{post, "/", "SendMessage", `{"QueueUrl":"` + url + `","MessageBody":"h\u00e9","DelaySeconds":5,"MessageAttributes":{"A":{"DataType":"Binary","BinaryValue":"AAEC"}},"Novel":1}`, nil},
			"SendMessageRequest{QueueUrl=" + url + " MessageBody=hé DelaySeconds=5 MessageAttributes=1(A:{BinaryValue=\x00\x01\x02 DataType=Binary})}",
			`{"MD5OfMessageBody":"5d41","MessageId":"m-1"}`},
		{"JSON at the queue", queueCall{post, queue, "DeleteMessage", `{"QueueUrl":"` + url + `","ReceiptHandle":"AQ"}`, nil},
			"DeleteMessageRequest{QueueUrl=" + url + " ReceiptHandle=AQ}", ""},
		{"JSON, nothing", queueCall{post, "/", "ReceiveMessage", `{"MaxNumberOfMessages":0}`, nil}, "ReceiveMessageRequest{MaxNumberOfMessages=0}", `{}`},
		{"JSON, messages", queueCall{post, "/", "ReceiveMessage", `{"AttributeNames":["All"]}`, nil}, "ReceiveMessageRequest{AttributeNames=[All]}",
			`{"Messages":[{"MessageId":"m-1","ReceiptHandle":"AQ+/=","MD5OfBody":"5d41","Body":"<a>\r\n\"é\"","Attributes":{"SenderId":"AIDA","SentTimestamp":"17"},` +
				`"MD5OfMessageAttributes":"7d79","MessageAttributes":{"A":{"StringValue":"x","DataType":"String"},"B":{"BinaryValue":"AAEC","DataType":"Binary"}}}]}`},
		{"JSON, a number in attributes", queueCall{post, "/", "CreateQueue", `{"QueueName":"q","Attributes":{"DelaySeconds":5,"FifoQueue":"true"}}`, nil},
			"CreateQueueRequest{QueueName=q Attributes=2(DelaySeconds:5 FifoQueue:true)}", `{"QueueUrl":"http://localhost:4566/000000000000/q"}`},
		{"JSON, lower case", queueCall{post, "/", "CreateQueue", `{"QueueName":"q","tags":{"team":"x"}}`, nil}, "CreateQueueRequest{QueueName=q Tags=1(team:x)}",
			`{"QueueUrl":"http://localhost:4566/000000000000/q"}`},

		{"form", queueCall{post, "/", "", "Action=SendMessage&Version=2012-11-05&QueueUrl=" + escaped + "&MessageBody=h%C3%A9+x&DelaySeconds=5" +
			"&MessageAttribute.1.Name=A&MessageAttribute.1.Value.DataType=String&MessageAttribute.1.Value.StringValue=x" +
			"&MessageSystemAttribute.1.Name=AWSTraceHeader&MessageSystemAttribute.1.Value.StringValue=Root&MessageSystemAttribute.1.Value.DataType=String", nil},
			"SendMessageRequest{QueueUrl=" + url + " MessageBody=hé x DelaySeconds=5 MessageAttributes=1(A:{StringValue=x DataType=String}) MessageSystemAttributes=1(AWSTraceHeader:{StringValue=Root DataType=String})}",
			"<SendMessageResult><MD5OfMessageBody>5d41</MD5OfMessageBody><MessageId>m-1</MessageId></SendMessageResult>"},
		{"form at the queue", queueCall{post, queue, "", "Action=SendMessage&MessageBody=x&MessageAttributes.1.Name=B&MessageAttributes.1.Value.DataType=Binary&MessageAttributes.1.Value.BinaryValue=AAEC", nil},
			"SendMessageRequest{MessageBody=x MessageAttributes=1(B:{BinaryValue=\x00\x01\x02 DataType=Binary})}",
			"<SendMessageResult><MD5OfMessageBody>5d41</MD5OfMessageBody><MessageId>m-1</MessageId></SendMessageResult>"},
		{"form, batch", queueCall{post, queue, "", "Action=SendMessageBatch&SendMessageBatchRequestEntry.1.Id=a&SendMessageBatchRequestEntry.1.MessageBody=x&SendMessageBatchRequestEntry.2.Id=b&SendMessageBatchRequestEntry.2.MessageBody=y" +
			"&SendMessageBatchRequestEntry.2.MessageAttribute.1.Name=A&SendMessageBatchRequestEntry.2.MessageAttribute.1.Value.DataType=String", nil},
			"SendMessageBatchRequest{Entries=[{Id=a MessageBody=x} {Id=b MessageBody=y MessageAttributes=1(A:{DataType=String})}]}",
			"<SendMessageBatchResult><SendMessageBatchResultEntry><Id>a</Id><MessageId>m-1</MessageId><MD5OfMessageBody>5d41</MD5OfMessageBody></SendMessageBatchResultEntry>" +
				"<BatchResultErrorEntry><Id>b</Id><SenderFault>true</SenderFault><Code>InvalidParameterValue</Code><Message>no</Message></BatchResultErrorEntry></SendMessageBatchResult>"},
		{"query", queueCall{get, queue, "", "Action=GetQueueAttributes&Version=2012-11-05&AttributeName.1=All", nil}, "GetQueueAttributesRequest{AttributeNames=[All]}",
			"<GetQueueAttributesResult><Attribute><Name>DelaySeconds</Name><Value>0</Value></Attribute><Attribute><Name>QueueArn</Name><Value>arn:aws:sqs:eu-west-1:000000000000:q</Value></Attribute></GetQueueAttributesResult>"},
		{"query, messages", queueCall{get, queue, "", "Action=ReceiveMessage&AttributeName.1=All&MessageAttributeName.1=A&MessageAttributeName.2=B&MessageSystemAttributeName.1=SenderId", nil},
			"ReceiveMessageRequest{AttributeNames=[All] MessageSystemAttributeNames=[SenderId] MessageAttributeNames=[A B]}",
			"<ReceiveMessageResult><Message><MessageId>m-1</MessageId><ReceiptHandle>AQ+/=</ReceiptHandle><MD5OfBody>5d41</MD5OfBody><Body>&lt;a&gt;&#xD;&#xA;&quot;é&quot;</Body>" +
				"<Attribute><Name>SenderId</Name><Value>AIDA</Value></Attribute><Attribute><Name>SentTimestamp</Name><Value>17</Value></Attribute><MD5OfMessageAttributes>7d79</MD5OfMessageAttributes>" +
				"<MessageAttribute><Name>A</Name><Value><StringValue>x</StringValue><DataType>String</DataType></Value></MessageAttribute>" +
				"<MessageAttribute><Name>B</Name><Value><BinaryValue>AAEC</BinaryValue><DataType>Binary</DataType></Value></MessageAttribute></Message></ReceiveMessageResult>"},
		{"query, nothing", queueCall{get, queue, "", "Action=ReceiveMessage&MaxNumberOfMessages=0", nil}, "ReceiveMessageRequest{MaxNumberOfMessages=0}", "<ReceiveMessageResult></ReceiveMessageResult>"},
		{"form, no output", queueCall{post, queue, "", "Action=DeleteMessage&ReceiptHandle=A%2B%2F%3D", nil}, "DeleteMessageRequest{ReceiptHandle=A+/=}", ""},
		{"form, list", queueCall{post, "/", "", "Action=ListQueues", nil}, "ListQueuesRequest{}", "<ListQueuesResult><QueueUrl>http://h/1/a</QueueUrl><QueueUrl>http://h/1/b</QueueUrl></ListQueuesResult>"},
		{"form, maps", queueCall{post, "/", "", "Action=CreateQueue&QueueName=q&Attribute.1.Name=FifoQueue&Attribute.1.Value=true&Attribute.2.Name=DelaySeconds&Attribute.2.Value=1&Tag.1.Key=team&Tag.1.Value=x", nil},
			"CreateQueueRequest{QueueName=q Attributes=2(DelaySeconds:1 FifoQueue:true) Tags=1(team:x)}", "<CreateQueueResult><QueueUrl>http://localhost:4566/000000000000/q</QueueUrl></CreateQueueResult>"},
		{"form, no index", queueCall{post, "/", "", "Action=CreateQueue&QueueName=q&Attribute.Name=DelaySeconds&Attribute.Value=1", nil},
			"CreateQueueRequest{QueueName=q Attributes=1(DelaySeconds:1)}", "<CreateQueueResult><QueueUrl>http://localhost:4566/000000000000/q</QueueUrl></CreateQueueResult>"},
		{"form, tags by the member's name", queueCall{post, queue, "", "Action=TagQueue&Tags.1.Key=team&Tags.1.Value=x", nil}, "TagQueueRequest{Tags=1(team:x)}", ""},
		{"constraints are the service's", queueCall{post, "/", "SendMessage", `{}`, nil}, "SendMessageRequest{}", `{"MD5OfMessageBody":"5d41","MessageId":"m-1"}`},
	} {
		q.seen = ""
		w := serve(s, c.call.request(t))
		id := seen.next(t).RequestID
		kind, protocol := "application/x-amz-json-1.0", api.JSON10
		want := c.want
		if c.call.target == "" {
			kind, protocol = "text/xml", api.Query
			action := parameter([]byte(c.call.body), "Action")
			want = "<" + action + `Response xmlns="http://queue.amazonaws.com/doc/2012-11-05/">` + want + "<ResponseMetadata><RequestId>" +
				id + "</RequestId></ResponseMetadata></" + action + "Response>"
		}
		if w.status != 200 || q.seen != c.seen || string(w.body) != want || w.h.Get("Content-Type") != kind {
			t.Errorf("%s: %d %s %q\n sent %q\n want %q\n got  %s\n want %s", c.name, w.status, w.h.Get("Content-Type"), kind, q.seen, c.seen, w.body, want)
		}
		if q.http.Protocol != protocol || q.http.Host != "localhost:4566" || q.http.Path != c.call.path || q.http.TLS {
			t.Errorf("%s: %+v", c.name, q.http)
		}
	}
}

func TestQueuesErrors(t *testing.T) {
	const post, get, queue = http.MethodPost, http.MethodGet, "/000000000000/q"
	s, q, seen := newQueues(t)
	garble := func(r *http.Request) {
		r.Header.Set("Authorization", r.Header.Get("Authorization")[:len(r.Header.Get("Authorization"))-1]+"x")
	}
	for _, c := range []struct {
		name   string
		call   queueCall
		status int
		code   string // Query's
		kind   string // JSON's __type
		text   string
	}{
		{"modelled", queueCall{post, "/", "GetQueueUrl", "{}", nil}, 400, "AWS.SimpleQueueService.NonExistentQueue", "com.amazonaws.sqs#QueueDoesNotExist", "The specified queue does not exist."},
		{"modelled", queueCall{post, "/", "", "Action=GetQueueUrl", nil}, 400, "AWS.SimpleQueueService.NonExistentQueue", "", "The specified queue does not exist."},
		{"one code, a status", queueCall{post, "/", "DeleteMessage", `{"ReceiptHandle":"garbage"}`, nil}, 404, "ReceiptHandleIsInvalid", "com.amazonaws.sqs#ReceiptHandleIsInvalid", "is not a valid receipt handle."},
		{"one code, a status", queueCall{get, queue, "", "Action=DeleteMessage&ReceiptHandle=garbage", nil}, 404, "ReceiptHandleIsInvalid", "", "&quot;garbage&quot;"},
		{"beside the model", queueCall{post, "/", "PurgeQueue", "{}", nil}, 400, "MissingParameter", "com.amazon.coral.service#MissingRequiredParameterException", "The request must contain the parameter QueueUrl."},
		{"beside the model", queueCall{post, queue, "", "Action=PurgeQueue", nil}, 400, "MissingParameter", "", "The request must contain the parameter QueueUrl."},
		{"signature", queueCall{post, "/", "SendMessage", "{}", garble}, 403, "SignatureDoesNotMatch", "com.amazon.coral.service#InvalidSignatureException", "does not match"},
		{"signature", queueCall{get, queue, "", "Action=SendMessage", garble}, 403, "SignatureDoesNotMatch", "", "does not match"},
		{"nobody signed", queueCall{post, "/", "CreateQueue", "{}", unsign}, 403, "MissingAuthenticationToken", "com.amazon.coral.service#MissingAuthenticationTokenException", ""},
		{"nobody signed, a policy may allow it", queueCall{post, queue, "SendMessage", `{"MessageBody":"x"}`, unsign}, 403, "AccessDenied", "com.amazon.coral.service#AccessDeniedException", "anonymous"},
		{"nobody signed, a policy may allow it", queueCall{get, queue, "", "Action=SendMessage&MessageBody=x", unsign}, 403, "AccessDenied", "", "anonymous"},
		{"no such action", queueCall{post, "/", "", "Action=FooBar", nil}, 400, "InvalidAction", "", "The action FooBar is not valid for this endpoint."},
		{"no such action", queueCall{get, queue, "", "Action=FooBar&Version=2012-11-05", nil}, 400, "InvalidAction", "", "The action FooBar is not valid for this endpoint."},
		{"no such action", queueCall{post, "/", "FooBar", "{}", nil}, 400, "InvalidAction", "com.amazon.coral.service#UnknownOperationException", ""},
		{"no JSON", queueCall{post, "/", "SendMessage", "{", nil}, 400, "MalformedInput", "com.amazon.coral.service#SerializationException", ""},
		{"a number in tags", queueCall{post, "/", "CreateQueue", `{"tags":{"team":5}}`, nil}, 400, "MalformedInput", "com.amazon.coral.service#SerializationException", ""},
		{"a type", queueCall{post, "/", "SendMessage", `{"DelaySeconds":"x"}`, nil}, 400, "MalformedInput", "com.amazon.coral.service#SerializationException", ""},
	} {
		q.seen = ""
		w := serve(s, c.call.request(t))
		id := seen.next(t).RequestID
		var want string
		if c.kind != "" {
			want = `{"__type":"` + c.kind + `"`
			if got := w.h.Get("X-Amzn-Query-Error"); got != c.code+";Sender" {
				t.Errorf("%s in JSON: x-amzn-query-error is %q", c.name, got)
			}
		} else {
			want = `<ErrorResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><Error><Type>Sender</Type><Code>` + c.code + `</Code><Message>`
			if !strings.HasSuffix(string(w.body), "</Message><Detail/></Error><RequestId>"+id+"</RequestId></ErrorResponse>") {
				t.Errorf("%s: %s", c.name, w.body)
			}
		}
		if w.status != c.status || !strings.HasPrefix(string(w.body), want) || !strings.Contains(string(w.body), c.text) {
			t.Errorf("%s: %d %s\nwant %d %s...%s", c.name, w.status, w.body, c.status, want, c.text)
		}
	}
	for _, c := range []queueCall{{get, queue, "", "", nil}, {get, queue, "", "", func(r *http.Request) { unsign(r); r.Host = "sqs.eu-west-1.amazonaws.com" }}} {
		r := c.request(t)
		r.Header.Set("Accept", "application/json")
		if w := serve(s, r); w.status != 404 || !strings.Contains(string(w.body), "<UnknownOperationException") {
			t.Errorf("no action: %d %s", w.status, w.body)
		}
	}
}
