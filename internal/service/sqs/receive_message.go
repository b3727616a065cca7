package sqs

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
)

// ReceiveMessage hands out up to ten messages, under leases that are durable when
// the answer names them.
func (s *Service) ReceiveMessage(ctx context.Context, in *sqsapi.ReceiveMessageRequest, out *sqsapi.ReceiveMessageResult) error {
	call := api.CallOf(ctx)
	key, err := s.named(call, in.QueueUrl)
	if err != nil {
		return err
	}
	if err := checkReceive(in); err != nil {
		return err
	}
	system, err := parseSystemAttributes(in.MessageSystemAttributeNames, in.AttributeNames)
	if err != nil {
		return err
	}
	filter := newAttributeFilter(in.MessageAttributeNames)
	a := asked{max: int(in.MaxNumberOfMessages.Or(1)), visibility: in.VisibilityTimeout, wait: in.WaitTimeSeconds}
	if in.ReceiveRequestAttemptId.Set {
		if !key.fifo() {
			return invalidValue(in.ReceiveRequestAttemptId.V, "ReceiveRequestAttemptId", "The request includes a parameter that is not valid for this queue type.")
		}
		a.attempt = in.ReceiveRequestAttemptId.V
	}
	got, err := s.receive(ctx, key, a)
	if err != nil {
		return answer(call, err)
	}
	s.o.Metrics.Received(key.account, key.region, key.name, len(got.messages))
	if len(got.messages) == 0 {
		return nil
	}
	out.MakeMessages(len(got.messages))
	for i := range got.messages {
		m, err := s.show(key, got.desc, &got.messages[i], system, &filter)
		if err != nil {
			return err
		}
		out.Messages = append(out.Messages, m)
	}
	return nil
}

func checkReceive(in *sqsapi.ReceiveMessageRequest) error {
	if err := checkMaxMessages(in.MaxNumberOfMessages); err != nil {
		return err
	}
	if err := checkVisibility(in.VisibilityTimeout); err != nil {
		return err
	}
	if err := checkWait(in.WaitTimeSeconds); err != nil {
		return err
	}
	if in.ReceiveRequestAttemptId.Set {
		return checkFIFOID("ReceiveRequestAttemptId", in.ReceiveRequestAttemptId.V)
	}
	return nil
}

// show is a message as the API shows it.
func (s *Service) show(key queueKey, d *description, got *delivered, system systemAttributes, filter *attributeFilter) (out sqsapi.Message, err error) {
	row, err := s.open(d, got.row)
	if err != nil {
		return out, err
	}
	m, err := decodeMessage(row)
	if err != nil {
		return out, err
	}
	r := reception{count: got.item.Count, first: got.item.First}
	if key.fifo() {
		r.sequence = sequenceNumber(got.item.ID)
	}
	handle, err := receipt{d.Incarnation, got.item.Place, got.item.ID, got.item.Lease}.seal(s.tokens)
	if err != nil {
		return out, err
	}
	attributes := filter.of(m.attributes)
	return sqsapi.Message{
		MessageId: api.Some(m.id.String()), ReceiptHandle: api.Some(handle),
		Body: api.Some(m.body), MD5OfBody: api.Some(hexMD5(m.bodyMD5)),
		Attributes:        system.of(&m, r),
		MessageAttributes: attributes.show(), MD5OfMessageAttributes: attributes.md5(),
	}, nil
}
