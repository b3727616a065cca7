package conformance

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/test/model"
)

// TestStreamQueueDescriptions: what a queue is, to those who make, describe, list
// and change it.
func TestStreamQueueDescriptions(t *testing.T) {
	inBothEncodings(t, func(q streamQueues) {
		q.stream("s")
		made := q.call("CreateQueue", model.Object{
			"QueueName": "q", "Tags": model.Object{"a": "b"},
			"StreamConfigurationList": []any{model.Object{"StreamARN": streamARN("s")}},
		})["QueueDescription"].(model.Object)
		arn := made["QueueARN"].(string)
		position := made["StreamConfigurationList"].([]any)[0].(model.Object)["StartingPosition"].(model.Object)
		if made["QueueStatus"] != "CREATING" || position["Type"] != "LATEST" || position["Timestamp"] != nil || strings.HasSuffix(arn, "/q") {
			q.Errorf("made %v", made)
		}
		q.active(arn)
		d := q.call("DescribeQueue", model.Object{"QueueARN": arn})["QueueDescription"].(model.Object)
		a := d["QueueAttributes"].(model.Object)
		position = d["StreamConfigurationList"].([]any)[0].(model.Object)["StartingPosition"].(model.Object)
		if a["VisibilityTimeoutSeconds"] != 30 || a["DeadLetterConfiguration"].(model.Object)["MaxReceiveCount"] != 6 || position["Timestamp"] == nil {
			q.Errorf("described as %v", d)
		}
		updated := q.call("UpdateQueue", model.Object{"QueueARN": arn, "QueueAttributes": model.Object{"VisibilityTimeoutSeconds": 43200}})["QueueDescription"].(model.Object)
		if updated["QueueStatus"] != "UPDATING" {
			q.Errorf("updated to %v", updated)
		}
		q.active(arn)
		second := q.queue("s", "a", nil)
		var names []string
		for in := (model.Object{"MaxResults": 1}); ; {
			out := q.call("ListQueues", in)
			for _, v := range out["QueueSummaries"].([]any) {
				names = append(names, v.(model.Object)["QueueName"].(string))
			}
			if out["NextToken"] == nil {
				break
			}
			in["NextToken"] = out["NextToken"]
		}
		if !slices.Equal(names, []string{"a", "q"}) {
			q.Errorf("listed %q", names)
		}
		tags := q.call("ListTagsForResource", model.Object{"ResourceARN": arn})["Tags"].([]any)
		if len(tags) != 1 || tags[0].(model.Object)["Value"] != "b" {
			q.Errorf("tags: %v", tags)
		}
		q.call("DeleteQueue", model.Object{"QueueARN": second})
		eventually(q.T, "the queue is gone", func() bool {
			_, err := q.try("DescribeQueue", model.Object{"QueueARN": second})
			return err != nil
		})
		_, err := q.try("DescribeQueue", model.Object{"QueueARN": second})
		wantCode(q.T, err, "ResourceNotFoundException")
	})
}

// TestStreamQueueBatches: each entry of a batch has an answer of its own.
func TestStreamQueueBatches(t *testing.T) {
	inBothEncodings(t, func(q streamQueues) {
		q.stream("s")
		arn := q.queue("s", "q", model.Object{"DeadLetterConfiguration": model.Object{"TargetType": "BUILT_IN", "MaxReceiveCount": 3}})
		other := q.queue("s", "other", nil)
		q.put("s", "a", "b", "c")
		r := q.wantRecords(alive, arn, "a", "b", "c")
		elsewhere := q.wantRecords(alive, other, "a", "b", "c")
		if r[0].id != elsewhere[0].id || r[0].id == r[1].id || r[0].handle == elsewhere[0].handle {
			q.Errorf("records of two queues: %v, %v", r, elsewhere)
		}
		// Handles that mean nothing here, and one that means its record no more.
		q.wantSettled([]string{"", invalidHandle, noRecord, invalidHandle}, "AcknowledgeQueueRecords", arn, nil, r[0].handle, "garbage", r[0].handle, elsewhere[1].handle)
		q.wantSettled([]string{noRecord, ""}, "UpdateQueueRecordsVisibility", arn, atOnce, r[0].handle, r[1].handle)
		again := q.wantRecords(alive, arn, "b")[0]
		if again.count != 2 || again.id != r[1].id || !again.first.Equal(r[1].first) || again.handle == r[1].handle {
			q.Errorf("received %v, then %v", r[1], again)
		}
		// The handle of a receive that is not the last.
		q.wantSettled([]string{invalidHandle, ""}, "UpdateQueueRecordsVisibility", arn, atOnce, r[1].handle, again.handle)
		again = q.wantRecords(alive, arn, "b")[0]
		q.wantSettled([]string{invalidHandle}, "AcknowledgeDeadLetterQueueRecords", arn, nil, again.handle)
		q.wantSettled([]string{""}, "UpdateQueueRecordsVisibility", arn, atOnce, again.handle)

		// That was the third: it is a dead letter, by other handles.
		q.wantNone(alive, arn)
		b := q.wantRecords(dead, arn, "b")[0]
		if b.id != r[1].id {
			q.Errorf("a dead letter of %v is %v", r[1], b)
		}
		q.wantSettled([]string{invalidHandle, ""}, "AcknowledgeQueueRecords", arn, nil, b.handle, r[2].handle)
		q.wantSettled([]string{""}, "UpdateDeadLetterQueueRecordsVisibility", arn, atOnce, b.handle)
		before, b := b, q.wantRecords(dead, arn, "b")[0]
		q.wantSettled([]string{invalidHandle, "", noRecord}, "RestoreDeadLetterQueueRecords", arn, nil, before.handle, b.handle, b.handle)
		restored := q.wantRecords(alive, arn, "b")[0]
		if restored.count != 1 {
			q.Errorf("restored, it is received for the %dth time", restored.count)
		}
		q.wantSettled([]string{""}, "AcknowledgeQueueRecords", arn, nil, restored.handle)
		q.wantNone(dead, arn)
		q.wantNone(alive, arn)
	})
}

// TestStreamQueueWaits: a receive that waits gets what comes, whatever brings it.
func TestStreamQueueWaits(t *testing.T) {
	inBothEncodings(t, func(q streamQueues) {
		q.stream("s")
		arn := q.queue("s", "q", model.Object{"DeadLetterConfiguration": model.Object{"TargetType": "BUILT_IN", "MaxReceiveCount": 1}})
		// waiting has what brings it come to a receive that waits, or is about to.
		waiting := func(what, how string, bring func()) record {
			q.Helper()
			came := make(chan record, 1)
			began := time.Now()
			go func() {
				defer close(came)
				for _, r := range q.receive(how, arn, model.Object{"WaitTimeSeconds": 20, "VisibilityTimeoutSeconds": 600}) {
					came <- r
				}
			}()
			soon, cancel := context.WithTimeout(q.Context(), 200*time.Millisecond)
			defer cancel()
			<-soon.Done() // it waits by now, almost always
			bring()
			r := <-came
			if r.data != "x" || time.Since(began) > 10*time.Second {
				q.Fatalf("%s: got %v after %v", what, r, time.Since(began))
			}
			return r
		}
		r := waiting("a put", alive, func() { q.put("s", "x") })
		r = waiting("a dead letter", dead, func() { q.settle("UpdateQueueRecordsVisibility", arn, atOnce, r.handle) })
		r = waiting("a restored record", alive, func() { q.settle("RestoreDeadLetterQueueRecords", arn, nil, r.handle) })
		r = waiting("the end of a lease", dead, func() {
			q.settle("UpdateQueueRecordsVisibility", arn, model.Object{"VisibilityTimeoutSeconds": 1}, r.handle)
		})
		q.wantSettled([]string{""}, "AcknowledgeDeadLetterQueueRecords", arn, nil, r.handle)

		// And the queue's end.
		began := time.Now()
		ended := make(chan error, 1)
		go func() {
			_, err := q.try(alive, model.Object{"QueueARN": arn, "WaitTimeSeconds": 20})
			ended <- err
		}()
		q.call("DeleteQueue", model.Object{"QueueARN": arn})
		wantCode(q.T, <-ended, "ResourceNotFoundException")
		if took := time.Since(began); took > 10*time.Second {
			q.Errorf("a receive waited %v for a queue that is gone", took)
		}
	})
}

// TestStreamQueuesAcrossAKill: leases, receipts, counts, dead letters and what was
// acknowledged outlive kill -9, in each of a stream's shards, closed ones too.
func TestStreamQueuesAcrossAKill(t *testing.T) {
	inBothEncodings(t, func(q streamQueues) {
		// Provisioned streams can be split, and then be on-demand with all their shards.
		q.call("CreateStream", model.Object{"StreamName": "s", "ShardCount": 1})
		settled(q.T, q.s.client(), "s")
		q.put("s", "a", "b")
		q.call("SplitShard", model.Object{"StreamName": "s", "ShardToSplit": firstShard, "NewStartingHashKey": "170141183460469231731687303715884105728"})
		settled(q.T, q.s.client(), "s")
		q.put("s", "c", "d", "e", "f")
		q.call("UpdateStreamMode", model.Object{"StreamARN": streamARN("s"), "StreamModeDetails": model.Object{"StreamMode": "ON_DEMAND"}})
		settled(q.T, q.s.client(), "s")
		arn := q.queue("s", "q", model.Object{"DeadLetterConfiguration": model.Object{"TargetType": "BUILT_IN", "MaxReceiveCount": 2}})

		r := q.wantRecords(alive, arn, "a", "b", "c", "d", "e", "f")
		q.wantSettled([]string{"", "", ""}, "AcknowledgeQueueRecords", arn, nil, r[0].handle, r[2].handle, r[4].handle)
		q.wantSettled([]string{""}, "UpdateQueueRecordsVisibility", arn, atOnce, r[1].handle)
		b := q.wantRecords(alive, arn, "b")[0]
		q.wantSettled([]string{""}, "UpdateQueueRecordsVisibility", arn, atOnce, b.handle) // dead
		q.wantSettled([]string{""}, "UpdateQueueRecordsVisibility", arn, atOnce, r[3].handle)
		q.s.crash()

		d := q.wantRecords(alive, arn, "d")[0]
		if d.count != 2 || !d.first.Equal(r[3].first) || d.id != r[3].id {
			q.Errorf("received %v before the kill and %v after", r[3], d)
		}
		q.wantNone(alive, arn) // f is leased still, by a handle from before
		b = q.wantRecords(dead, arn, "b")[0]
		q.wantSettled([]string{noRecord, invalidHandle, "", ""}, "AcknowledgeQueueRecords", arn, nil, r[0].handle, r[3].handle, d.handle, r[5].handle)
		q.wantSettled([]string{""}, "AcknowledgeDeadLetterQueueRecords", arn, nil, b.handle)
		q.put("s", "g")
		q.s.crash()

		g := q.wantRecords(alive, arn, "g")[0]
		q.wantSettled([]string{""}, "AcknowledgeQueueRecords", arn, nil, g.handle)
		q.wantNone(alive, arn)
		q.wantNone(dead, arn)
	})
}
