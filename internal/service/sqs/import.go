package sqs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
)

// ImportResult is what became of lines. The first Sent+Repeated of them are done,
// durably; where Bad is not empty it says why the next one is not, and nothing of
// those after it was done.
type ImportResult struct {
	Sent int
	// Repeated lines have a deduplication id that the FIFO queue knows from the last
	// five minutes, so they were not sent again.
	Repeated int
	Bad      string `json:",omitempty"`
}

// Import sends messages, each a line of an export, as the root of the queue's
// account: body, attributes, group, deduplication id and trace header as they
// are, ids and times new. All lines before a bad one are sent in one commit. A
// standard queue has no use for deduplication ids, so it takes lines without. A
// dead letter that comes back to the dead-letter queue of where it came from keeps
// that, so that it can be moved there.
// What the queue says of a message by itself is what it says of any that is sent.
func (s *Service) Import(ctx context.Context, q Queue, lines [][]byte) (ImportResult, error) {
	call := &api.Call{
		RequestID: "import", Operation: sqsapi.OpSendMessage, Account: q.key.account, Region: q.key.region,
		Principal: &api.Principal{Account: q.key.account, Root: true},
	}
	var out ImportResult
	entries := make([]importEntry, 0, len(lines))
	deadOf := make(map[string]bool) // queues by whether their dead letters go to this one
	for _, line := range lines {
		e, err := parseImport(line, q.key.fifo())
		if err != nil {
			out.Bad = err.Error()
			break
		}
		if _, known := deadOf[e.source]; !known {
			of, err := s.deadLettersGo(ctx, e.source, q.key)
			if err != nil {
				return ImportResult{}, err
			}
			deadOf[e.source] = of
		}
		if !deadOf[e.source] {
			e.source = ""
		}
		entries = append(entries, e)
	}
	var sendings []*sending
	bad := out.Bad
	err := s.send(ctx, q.key, func(d *description) ([]*sending, error) {
		sendings, out.Bad = sendings[:0], bad
		for i := range entries {
			sd, err := s.prepareImport(call, q.key, d, &entries[i])
			var refused *api.Error
			if errors.As(err, &refused) {
				out.Bad = refused.Message
				break
			}
			if err != nil {
				return nil, err
			}
			sendings = append(sendings, sd)
		}
		return sendings, nil
	})
	if err != nil {
		return ImportResult{}, q.explain(err)
	}
	for _, sd := range sendings {
		if sd.repeats {
			out.Repeated++
		} else {
			out.Sent++
		}
	}
	return out, nil
}

// importEntry is a message as a line has it.
type importEntry struct {
	entry
	source string // DeadLetterQueueSourceArn; empty for none
}

// deadLettersGo reports whether the dead letters of a queue, which an ARN names,
// go to another one.
func (s *Service) deadLettersGo(ctx context.Context, source string, to queueKey) (bool, error) {
	key, ok := parseQueueARN(source)
	if !ok {
		return false, nil
	}
	p, err := s.redrivePolicyOf(ctx, key)
	return p != nil && p.Target == to.arn(), err
}

// parseImport reads a line of an export.
func parseImport(line []byte, fifo bool) (e importEntry, err error) {
	var m StoredMessage
	if !utf8.Valid(line) {
		return e, errors.New("not UTF-8") // which the JSON package would mend
	}
	if err := json.Unmarshal(line, &m); err != nil {
		return e, fmt.Errorf("not a message in JSON: %w", err)
	}
	if m.BodyCut {
		return e, errors.New("only the beginning of the body is there (BodyCut): a peek is not an export")
	}
	e.body, e.source = m.Body, m.Attributes[sqsapi.MessageSystemAttributeNameDeadLetterQueueSourceArn]
	optional := func(name string) api.Opt[string] {
		v, ok := m.Attributes[name]
		return api.Opt[string]{V: v, Set: ok}
	}
	e.group = optional(sqsapi.MessageSystemAttributeNameMessageGroupId)
	if fifo {
		e.dedup = optional(sqsapi.MessageSystemAttributeNameMessageDeduplicationId)
	}
	if trace := optional(sqsapi.MessageSystemAttributeNameAWSTraceHeader); trace.Set {
		e.system = map[string]sqsapi.MessageSystemAttributeValue{
			sqsapi.MessageSystemAttributeNameForSendsAWSTraceHeader: {DataType: api.Some("String"), StringValue: trace},
		}
	}
	for name, v := range m.MessageAttributes {
		if e.attributes == nil {
			e.attributes = make(map[string]sqsapi.MessageAttributeValue, len(m.MessageAttributes))
		}
		given := sqsapi.MessageAttributeValue{DataType: api.Some(v.DataType), BinaryValue: v.BinaryValue}
		if v.StringValue != nil {
			given.StringValue = api.Some(*v.StringValue)
		}
		e.attributes[name] = given
	}
	return e, nil
}

// prepareImport checks a message as SendMessage does, and makes what is stored of
// it.
func (s *Service) prepareImport(call *api.Call, key queueKey, d *description, e *importEntry) (*sending, error) {
	if err := e.checkFIFO(key, d, missingParameter); err != nil {
		return nil, err
	}
	var p prepared
	if err := p.check(call, key, &e.entry); err != nil {
		return nil, err
	}
	if err := checkSize(p.size(), int(d.Attributes.MaximumMessageSize)); err != nil {
		return nil, err
	}
	p.message.source = e.source
	return s.prepare(d, &p, &e.entry)
}
