package sqs

import (
	"context"
	"errors"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
	"github.com/millrace/millrace/internal/store"
)

// SetQueueAttributes changes settings of a queue: all that are given, or none. They
// hold from the answer on, for the messages too that are there.
func (s *Service) SetQueueAttributes(ctx context.Context, in *sqsapi.SetQueueAttributesRequest) error {
	call := api.CallOf(ctx)
	key, err := s.named(call, in.QueueUrl)
	if err != nil {
		return err
	}
	if len(in.Attributes) == 0 {
		return missingParameter("Attributes")
	}
	for {
		err := s.setAttributes(ctx, key, in.Attributes)
		if !errors.Is(err, errChanged) {
			return answer(call, err)
		}
	}
}

// setAttributes is one attempt to change settings; errChanged where somebody else
// changed some meanwhile.
func (s *Service) setAttributes(ctx context.Context, key queueKey, given map[string]string) error {
	was, err := s.describe(ctx, key)
	if err != nil {
		return err
	}
	d := *was
	if d.Attributes, err = was.Attributes.with(key, given); err != nil {
		return err
	}
	if _, ok := given[sqsapi.QueueAttributeNameRedrivePolicy]; ok {
		if err := s.checkDeadLetterQueue(ctx, key, d.Attributes.RedrivePolicy); err != nil {
			return err
		}
	}
	switch {
	case !d.Attributes.encrypts():
		d.Key = 0
	case d.Key == 0:
		if d.Key, err = s.encryptionKey(ctx, key); err != nil {
			return err
		}
	}
	return s.update(ctx, key, func(tx store.Tx, _ *queue, m *memory) error {
		if m.desc != was {
			return errChanged
		}
		d := d // of this run: a description in memory is never modified
		d.Modified = s.now()
		m.set(tx, &d)
		return nil
	})
}

// checkDeadLetterQueue refuses a redrive policy, nil for none, whose target does
// not exist or does not allow the queue as a source.
func (s *Service) checkDeadLetterQueue(ctx context.Context, source queueKey, p *redrivePolicy) error {
	if p == nil {
		return nil
	}
	target, ok := parseQueueARN(p.Target)
	if !ok {
		return p.missingTarget()
	}
	d, err := s.durable(ctx, target)
	switch {
	case errors.Is(err, errNoQueue):
		return p.missingTarget()
	case err != nil:
		return err
	case !d.Attributes.RedriveAllowPolicy.allows(source):
		return p.deniedTarget()
	}
	return nil
}
