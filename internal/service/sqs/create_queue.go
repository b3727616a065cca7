package sqs

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
	"github.com/millrace/millrace/internal/base/fault"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// CreateQueue makes a queue. It is durable when the answer names its URL. Where
// there is one of that name with the attributes that are asked for, its URL is
// the answer.
func (s *Service) CreateQueue(ctx context.Context, in *sqsapi.CreateQueueRequest, out *sqsapi.CreateQueueResult) error {
	call := api.CallOf(ctx)
	if err := notAtQueue(call, "CreateQueue"); err != nil {
		return err
	}
	if !in.QueueName.Set {
		return missingParameter("QueueName")
	}
	key := queueKey{call.Account, call.Region, in.QueueName.V}
	wanted, err := newAttributes(key, in.Attributes)
	if err != nil {
		return err
	}
	if err := checkTags(in.Tags); err != nil {
		return err
	}
	if err := s.checkDeadLetterQueue(ctx, key, wanted.RedrivePolicy); err != nil {
		return err
	}
	unlock := s.lockName(key)
	defer unlock()
	d := &description{Attributes: wanted, Tags: in.Tags}
	if wanted.encrypts() {
		if d.Key, err = s.encryptionKey(ctx, key); err != nil {
			return err
		}
	}
	existing, err := s.reserve(ctx, key, d)
	if err != nil {
		return err
	}
	fault.Point("sqs.create.reserved")
	if err := s.write(ctx, key, existing); err != nil {
		return err
	}
	if existing != d {
		now, err := s.durable(ctx, key)
		if err != nil {
			return err
		}
		if name := now.Attributes.differ(wanted, in.Attributes); name != "" {
			return sqsapi.ErrQueueNameExists.New("A queue already exists with the same name and a different value for attribute %s", name)
		}
	}
	out.QueueUrl = api.Some(queueURL(call, key))
	return nil
}

// reserve writes the registry's row of a new queue, and returns what the queue
// begins or began as: d, or that of the queue which is there.
func (s *Service) reserve(ctx context.Context, key queueKey, d *description) (*description, error) {
	initial := d
	reg := s.registry(key.account, key.region)
	err := reg.part.Update(ctx, func(tx store.Tx) error {
		initial = d
		now := s.now()
		before, err := reg.find(tx, key.name)
		if err != nil {
			return err
		}
		if before != nil && before.State == present {
			initial = before.Initial
			return nil
		}
		if before != nil && now-before.Deleted < s.o.Cooldown.Milliseconds() {
			return sqsapi.ErrQueueDeletedRecently.New("You must wait %d seconds after deleting a queue before you can create another with the same name.", int(s.o.Cooldown.Seconds()))
		}
		d.Incarnation, d.Created, d.Modified = uint64(now), now, now
		if before != nil {
			d.Incarnation = max(d.Incarnation, before.Incarnation+1)
		}
		reg.put(tx, &registryRow{Name: key.name, Incarnation: d.Incarnation, Initial: d})
		return nil
	})
	return initial, err
}

// write writes the rows of a queue unless they are there. It can be repeated.
func (s *Service) write(ctx context.Context, key queueKey, d *description) error {
	return s.o.Store.Partition(key.partition()).Update(ctx, func(tx store.Tx) error {
		var there description
		found, err := row.Find(tx, descriptionKey, &there)
		if err != nil || found && there.Incarnation >= d.Incarnation {
			return err
		}
		if found { // a deletion of the queue before did not reach its end
			tx.DeleteRange([]byte{0}, []byte{0xff})
		}
		tx.Set(descriptionKey, row.Encode(d))
		// Two queues of one name never share a generation: see meta.
		m := meta{Generation: d.Incarnation << countBits, Last: sequenceAt(d.Created), NextLane: firstLane}
		tx.Set(metaKey, m.encode())
		return nil
	})
}
