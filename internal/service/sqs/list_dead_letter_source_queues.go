package sqs

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// ListDeadLetterSourceQueues lists the queues whose dead-letter queue a queue is.
func (s *Service) ListDeadLetterSourceQueues(ctx context.Context, in *sqsapi.ListDeadLetterSourceQueuesRequest, out *sqsapi.ListDeadLetterSourceQueuesResult) error {
	call := api.CallOf(ctx)
	key, err := s.named(call, in.QueueUrl)
	if err != nil {
		return err
	}
	p, err := s.page(call, key.name, in.MaxResults, in.NextToken)
	if err != nil {
		return err
	}
	there, err := s.exists(ctx, key)
	if err != nil {
		return err
	}
	if !there {
		return noSuchQueue(call)
	}
	more := false
	err = s.sources(ctx, key, p.after, func(source queueKey) bool {
		more = !p.add(&out.QueueUrls, source)
		return !more
	})
	if err != nil {
		return err
	}
	out.NextToken, err = s.next(p, more)
	return err
}

// sources yields, in order of their names, the queues whose dead-letter queue a
// queue is, those after a name, until f returns false. It costs a read for each
// queue of the account in the region that it passes: nothing keeps a list that
// every change of a redrive policy would have to write in two partitions.
func (s *Service) sources(ctx context.Context, target queueKey, after string, f func(source queueKey) bool) error {
	reg := s.registry(target.account, target.region)
	var failed error
	err := reg.names(ctx, "", after, func(r *registryRow) bool {
		source := queueKey{target.account, target.region, r.Name}
		p, err := s.redrivePolicyOf(ctx, source)
		if err != nil {
			failed = err
			return false
		}
		return p == nil || p.Target != target.arn() || f(source)
	})
	if failed != nil {
		err = failed
	}
	return err
}

// redrivePolicyOf returns the redrive policy of a queue, nil for none.
func (s *Service) redrivePolicyOf(ctx context.Context, key queueKey) (p *redrivePolicy, err error) {
	err = s.o.Store.Partition(key.partition()).View(ctx, func(r store.Reader) error {
		var d description
		_, err := row.Find(r, descriptionKey, &d)
		p = d.Attributes.RedrivePolicy
		return err
	})
	return p, err
}
