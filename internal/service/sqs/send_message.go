package sqs

import (
	"context"
	"crypto/md5"
	"strconv"
	"strings"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
)

// SendMessage stores one message. It is durable when the answer names its id.
func (s *Service) SendMessage(ctx context.Context, in *sqsapi.SendMessageRequest, out *sqsapi.SendMessageResult) error {
	call := api.CallOf(ctx)
	key, err := s.named(call, in.QueueUrl)
	if err != nil {
		return err
	}
	e := entry{in.MessageBody.V, in.DelaySeconds, in.MessageAttributes, in.MessageSystemAttributes, in.MessageDeduplicationId, in.MessageGroupId}
	var p prepared
	err = s.send(ctx, key, func(d *description) ([]*sending, error) {
		if err := e.checkFIFO(key, d, missingParameter); err != nil {
			return nil, err
		}
		if err := p.check(call, key, &e); err != nil {
			return nil, err
		}
		if err := checkSize(p.size(), int(d.Attributes.MaximumMessageSize)); err != nil {
			return nil, err
		}
		sd, err := s.prepare(d, &p, &e)
		return []*sending{sd}, err
	})
	if err != nil {
		return answer(call, err)
	}
	out.MessageId = api.Some(messageID(p.sending.messageID).String())
	out.MD5OfMessageBody = api.Some(hexMD5(p.message.bodyMD5))
	out.MD5OfMessageAttributes = p.message.attributes.md5()
	out.MD5OfMessageSystemAttributes = p.systemMD5
	if key.fifo() {
		out.SequenceNumber = api.Some(sequenceNumber(p.sending.seq))
	}
	return nil
}

// entry is one message as a request has it.
type entry struct {
	body       string
	delay      api.Opt[int32]
	attributes map[string]sqsapi.MessageAttributeValue
	system     map[string]sqsapi.MessageSystemAttributeValue
	dedup      api.Opt[string]
	group      api.Opt[string]
}

// prepared is one message that passed its checks.
type prepared struct {
	message   message
	systemMD5 api.Opt[string]
	sending   *sending
}

func (p *prepared) size() int { return messageSize(p.message.body, p.message.attributes) }

// checkFIFO checks what only FIFO queues ask for, or only standard queues allow.
// missing makes the error for what is not given.
func (e *entry) checkFIFO(key queueKey, d *description, missing func(name string) *api.Error) error {
	if !key.fifo() {
		if e.dedup.Set {
			return invalidValue(e.dedup.V, "MessageDeduplicationId", "The request includes a parameter that is not valid for this queue type.")
		}
		return nil
	}
	if !e.group.Set {
		return missing("MessageGroupId")
	}
	if !e.dedup.Set && !d.Attributes.ContentBasedDeduplication {
		return invalidParameter("The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
	}
	if e.delay.V > 0 {
		// AWS's grammar.
		return invalidValue(strconv.Itoa(int(e.delay.V)), "DelaySeconds", "The request include parameter that is not valid for this queue type.")
	}
	return nil
}

// check checks a message but for its size, and fills p with it.
func (p *prepared) check(call *api.Call, key queueKey, e *entry) (err error) {
	if err := checkBody(e.body); err != nil {
		return err
	}
	if err := checkDelay(e.delay); err != nil {
		return err
	}
	if e.group.Set {
		if err := checkFIFOID("MessageGroupId", e.group.V); err != nil {
			return err
		}
	}
	if e.dedup.Set {
		if err := checkFIFOID("MessageDeduplicationId", e.dedup.V); err != nil {
			return err
		}
	}
	m := message{sender: senderID(call), body: e.body, group: e.group.V, dedup: e.dedup.V}
	if m.attributes, err = packAttributes(e.attributes); err != nil {
		return err
	}
	if m.trace, p.systemMD5, err = sentSystemAttributes(e.system); err != nil {
		return err
	}
	if trace := call.HTTP().TraceID; m.trace == "" && validText(trace) {
		m.trace = trace
	}
	if key.fifo() && !e.dedup.Set {
		m.dedup = contentDeduplicationID(e.body)
	}
	m.bodyMD5 = md5.Sum(bytesOf(e.body))
	p.message = m
	return nil
}

// prepare makes what is stored of a message.
func (s *Service) prepare(d *description, p *prepared, e *entry) (*sending, error) {
	p.message.id, p.message.sent = s.ids.next(), s.now()
	row, err := s.seal(d, p.message.encode(nil))
	if err != nil {
		return nil, err
	}
	p.sending = &sending{delay: e.delay, group: p.message.group, dedup: p.message.dedup, messageID: p.message.id, row: row, size: p.size()}
	return p.sending, nil
}

// senderID is the SenderId of a caller: its account where that is its root, else
// its name in IAM; an anonymous one is known by its address.
func senderID(call *api.Call) string {
	if p := call.Principal; p != nil && !p.Anonymous {
		return p.Account
	}
	host, _, _ := strings.Cut(call.HTTP().RemoteAddr, ":")
	return host
}
