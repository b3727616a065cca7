package crash

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/millrace/millrace/test/crash/history"
	"github.com/millrace/millrace/test/crash/history/queues"
)

// TestFullDiskQueues fills a small disk with messages down to the reserve: sends
// are refused, with the cause, receives and deletions go on, also after a kill -9
// and a start on the full disk, and once messages are gone sends go on by
// themselves.
func TestFullDiskQueues(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	site := newSite(t, "--min-free=32MiB", "--memory=64MiB", "--queue-cooldown=0s")
	site.onSmallDisk("96m")
	srv := site.start()
	kept, ordered, bulk := stepOf("kept"), stepOf("kept.fifo"), stepOf("bulk")
	bulk.senders[0].maxSize = 80 << 10
	for i, q := range []*queue{kept, ordered, bulk} {
		q.senders[0].id = uint32(i)
		if err := q.create(ctx, srv.queues(region)); err != nil {
			t.Fatal(err)
		}
		q.mustSend(t, srv)
	}
	// The server looks at its disk once a second, so it goes about it slowly.
	fill := func() {
		await(t, 60*time.Second, "the disk is full", func() bool {
			pause(ctx, 5*time.Millisecond)
			return bulk.try(t, srv) == history.Refused
		})
	}
	fill()
	for range 2 {
		for _, q := range []*queue{kept, ordered} {
			q.try(t, srv) // refused, and must not be there
			q.wantFull(t, srv)
			q.goesOn(t, srv)
		}
		srv.Kill()
		srv = site.start()
		fill() // a start brings what is in logs into tables, which frees some
	}
	call := begin()
	_, err := srv.queues(region).PurgeQueue(ctx, &sqs.PurgeQueueInput{QueueUrl: &bulk.url})
	end(&call, err)
	if bulk.purges = append(bulk.purges, call); err != nil {
		t.Fatalf("a purge on a full disk: %v", err)
	}
	for _, q := range []*queue{kept, ordered, bulk} {
		await(t, 30*time.Second, "sends go on after a purge", func() bool { return q.try(t, srv) == history.Acknowledged })
	}
	if status, health := srv.own(http.MethodGet, "health"); status != 200 || strings.Contains(health, "disk-low") {
		t.Errorf("health is %d, %s", status, health)
	}
	srv.Kill()
	srv = site.start()
	for _, q := range []*queue{kept, ordered, bulk} {
		if err := q.drain(ctx, srv.queues(region)); err != nil {
			t.Fatal(err)
		}
		q.check(t, true)
	}
	site.checkStarts()
}

// try makes one call and returns what became of its last message.
func (q *queue) try(t *testing.T, srv *server) history.Outcome {
	t.Helper()
	s := q.senders[0]
	if err := s.send(t.Context(), srv.queues(q.region)); err != nil {
		t.Fatal(err)
	}
	return s.sends[len(s.sends)-1].Outcome
}

// wantFull asserts that sends are refused, with the cause, and creations too.
func (q *queue) wantFull(t *testing.T, srv *server) {
	t.Helper()
	const cause = "the disk of the server is nearly full"
	c := srv.queues(q.region)
	refused := func(what string, err error) {
		t.Helper()
		var e smithy.APIError
		if !errors.As(err, &e) || !internal(err) || !strings.Contains(e.ErrorMessage(), cause) {
			t.Errorf("%s on a full disk: %v", what, err)
		}
	}
	var group *string
	if q.fifo() {
		group = aws.String("g")
	}
	_, err := c.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &q.url, MessageBody: aws.String("x"), MessageGroupId: group, MessageDeduplicationId: group})
	refused("SendMessage", err)
	_, err = c.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: &q.url, Entries: []types.SendMessageBatchRequestEntry{
		{Id: aws.String("a"), MessageBody: aws.String("x"), MessageGroupId: group, MessageDeduplicationId: group},
	}})
	refused("SendMessageBatch", err)
	_, err = c.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("one-more")})
	refused("CreateQueue", err)
	if _, health := srv.own(http.MethodGet, "health"); !strings.Contains(health, "disk-low") {
		t.Errorf("health on a full disk: %s", health)
	}
}

// goesOn asserts that leases are given, changed and ended, and messages deleted.
func (q *queue) goesOn(t *testing.T, srv *server) {
	t.Helper()
	ctx, c, co := t.Context(), srv.queues(q.region), q.consumers[0]
	var got []queues.Delivery
	await(t, 5*time.Second, "a message can be received on a full disk", func() bool {
		var err error
		if got, err = co.receive(ctx, c, &sqs.ReceiveMessageInput{}); err != nil {
			t.Fatal(err)
		}
		return len(got) > 0
	})
	if err := co.change(ctx, c, got[0].Handle, 2); err != nil {
		t.Errorf("a change of visibility on a full disk: %v", err)
	}
	if err := co.delete(ctx, c, got[0].Handle); err != nil {
		t.Errorf("a deletion on a full disk: %v", err)
	}
}
