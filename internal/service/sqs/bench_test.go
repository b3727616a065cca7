package sqs

import (
	"context"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
	"github.com/millrace/millrace/internal/store/pebblestore"
)

// benchRig is a service on the engine that servers use.
func benchRig(b *testing.B) *rig {
	b.Helper()
	st, err := pebblestore.Open(pebblestore.Options{Dir: b.TempDir(), MinFreeBytes: -1})
	if err != nil {
		b.Fatal(err)
	}
	s, err := New(context.Background(), Options{Store: st})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = s.Close()
		_ = st.Close()
	})
	return &rig{Service: s}
}

func benchQueue(b *testing.B, r *rig, name string, attributes map[string]string) string {
	b.Helper()
	err := r.CreateQueue(r.ctx(sqsapi.OpCreateQueue), &sqsapi.CreateQueueRequest{QueueName: api.Some(name), Attributes: attributes}, new(sqsapi.CreateQueueResult))
	if err != nil {
		b.Fatal(err)
	}
	return urlPrefix + name
}

var body256 = strings.Repeat("x", 256)

// batchOf returns a request that sends ten messages; group makes the group of
// each, nil for none.
func batchOf(url string, group func(i int) string, n *atomic.Int64) *sqsapi.SendMessageBatchRequest {
	in := &sqsapi.SendMessageBatchRequest{QueueUrl: api.Some(url)}
	for i := range 10 {
		e := sqsapi.SendMessageBatchRequestEntry{Id: api.Some(strconv.Itoa(i)), MessageBody: api.Some(body256)}
		if group != nil {
			k := int(n.Add(1))
			e.MessageGroupId = api.Some(group(k))
			e.MessageDeduplicationId = api.Some(strconv.Itoa(k))
		}
		in.Entries = append(in.Entries, e)
	}
	return in
}

func (r *rig) mustSend(b *testing.B, in *sqsapi.SendMessageBatchRequest) {
	var out sqsapi.SendMessageBatchResult
	if err := r.SendMessageBatch(r.ctx(sqsapi.OpSendMessageBatch), in, &out); err != nil || len(out.Failed) > 0 {
		b.Errorf("send: %v, %v", err, out.Failed)
	}
}

// takeTen receives up to ten messages and deletes them.
func (r *rig) takeTen(b *testing.B, url string) int {
	var got sqsapi.ReceiveMessageResult
	err := r.ReceiveMessage(r.ctx(sqsapi.OpReceiveMessage), &sqsapi.ReceiveMessageRequest{QueueUrl: api.Some(url), MaxNumberOfMessages: api.Some[int32](10)}, &got)
	if err != nil {
		b.Errorf("receive: %v", err)
	}
	if len(got.Messages) == 0 {
		return 0
	}
	del := &sqsapi.DeleteMessageBatchRequest{QueueUrl: api.Some(url)}
	for i := range got.Messages {
		del.Entries = append(del.Entries, sqsapi.DeleteMessageBatchRequestEntry{Id: api.Some(strconv.Itoa(i)), ReceiptHandle: got.Messages[i].ReceiptHandle})
	}
	if err := r.DeleteMessageBatch(r.ctx(sqsapi.OpDeleteMessageBatch), del, new(sqsapi.DeleteMessageBatchResult)); err != nil {
		b.Errorf("delete: %v", err)
	}
	return len(got.Messages)
}

func reportMessages(b *testing.B, n int) {
	b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "messages/s")
}

// BenchmarkSendMessageBatch is ten messages of 256 B a call, 16 callers.
func BenchmarkSendMessageBatch(b *testing.B) {
	r := benchRig(b)
	url := benchQueue(b, r, "q", nil)
	b.ReportAllocs()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		in := batchOf(url, nil, nil)
		for pb.Next() {
			r.mustSend(b, in)
		}
	})
	reportMessages(b, 10)
}

// BenchmarkSendMessage is one message of 256 B a call, 64 callers.
func BenchmarkSendMessage(b *testing.B) {
	r := benchRig(b)
	url := benchQueue(b, r, "q", nil)
	b.ReportAllocs()
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			in := &sqsapi.SendMessageRequest{QueueUrl: api.Some(url), MessageBody: api.Some(body256)}
			if err := r.SendMessage(r.ctx(sqsapi.OpSendMessage), in, new(sqsapi.SendMessageResult)); err != nil {
				b.Error(err)
			}
		}
	})
	reportMessages(b, 1)
}

// BenchmarkCycle sends ten messages, receives ten and deletes them, 16 callers.
func BenchmarkCycle(b *testing.B) {
	groups := func(k int) string { return strconv.Itoa(k % 1000) }
	for _, kind := range []struct {
		name       string
		attributes map[string]string
		group      func(int) string
	}{
		{"standard", nil, nil},
		{"fair", nil, groups},
		{"fifo", map[string]string{"FifoQueue": "true"}, groups},
	} {
		b.Run(kind.name, func(b *testing.B) {
			r := benchRig(b)
			name := "q"
			if kind.attributes != nil {
				name += fifoSuffix
			}
			url := benchQueue(b, r, name, kind.attributes)
			var n atomic.Int64
			b.ReportAllocs()
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					in := batchOf(url, kind.group, &n)
					if kind.name == "fair" {
						for i := range in.Entries {
							in.Entries[i].MessageDeduplicationId = api.Opt[string]{}
						}
					}
					r.mustSend(b, in)
					for left := 10; left > 0; {
						k := r.takeTen(b, url)
						if k == 0 {
							break // others have them
						}
						left -= k
					}
				}
			})
			reportMessages(b, 10)
		})
	}
}
