package sqs

import (
	"context"
	"errors"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
)

// SendMessageBatch stores up to ten messages, each for itself: those that pass
// their checks are durable when the answer names them, the others failed.
func (s *Service) SendMessageBatch(ctx context.Context, in *sqsapi.SendMessageBatchRequest, out *sqsapi.SendMessageBatchResult) error {
	call := api.CallOf(ctx)
	key, err := s.named(call, in.QueueUrl)
	if err != nil {
		return err
	}
	if err := checkBatch(in.Entries, "SendMessageBatchRequestEntry", func(e *sqsapi.SendMessageBatchRequestEntry) string { return e.Id.V }); err != nil {
		return err
	}
	n := len(in.Entries)
	var entries [maxEntries]entry
	for i := range in.Entries {
		e := &in.Entries[i]
		entries[i] = entry{e.MessageBody.V, e.DelaySeconds, e.MessageAttributes, e.MessageSystemAttributes, e.MessageDeduplicationId, e.MessageGroupId}
	}
	var all [maxEntries]prepared
	var failures [maxEntries]*api.Error
	var sendings [maxEntries]*sending
	err = s.send(ctx, key, func(d *description) ([]*sending, error) {
		total := 0
		for i := range n {
			sendings[i], failures[i] = nil, nil
			e, p := &entries[i], &all[i]
			err := e.checkFIFO(key, d, missingInEntry)
			if err != nil && key.fifo() {
				return nil, err // one entry that lacks what orders it fails all
			}
			if err == nil {
				err = p.check(call, key, e)
			}
			if err != nil && !errors.As(err, &failures[i]) {
				return nil, err
			}
			total += messageSize(e.body, p.message.attributes)
		}
		if err := checkBatchBytes(total); err != nil {
			return nil, err
		}
		for i := range n {
			if failures[i] != nil {
				continue
			}
			err := checkEntrySize(all[i].size(), int(d.Attributes.MaximumMessageSize))
			if err == nil {
				sendings[i], err = s.prepare(d, &all[i], &entries[i])
			}
			if err != nil && !errors.As(err, &failures[i]) {
				return nil, err
			}
		}
		return sendings[:n], nil
	})
	if err != nil {
		return answer(call, err)
	}
	for i := range n {
		id := in.Entries[i].Id.V
		if failures[i] != nil {
			out.Failed = append(out.Failed, failed(id, failures[i]))
			continue
		}
		p := &all[i]
		r := sqsapi.SendMessageBatchResultEntry{
			Id: api.Some(id), MessageId: api.Some(messageID(p.sending.messageID).String()),
			MD5OfMessageBody: api.Some(hexMD5(p.message.bodyMD5)), MD5OfMessageAttributes: p.message.attributes.md5(),
			MD5OfMessageSystemAttributes: p.systemMD5,
		}
		if key.fifo() {
			r.SequenceNumber = api.Some(sequenceNumber(p.sending.seq))
		}
		out.Successful = append(out.Successful, r)
	}
	return nil
}
