package sqs

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/millrace/millrace/internal/base/nearest"
	"github.com/millrace/millrace/internal/store"
)

// Queue is one that was found by FindQueue.
type Queue struct{ key queueKey }

// ARN returns the queue's ARN, Account and Region what is in it.
func (q Queue) ARN() string { return q.key.arn() }

// Account returns the queue's account.
func (q Queue) Account() string { return q.key.account }

// Region returns the queue's region.
func (q Queue) Region() string { return q.key.region }

// InspectError is what a person who looks at queues asked wrongly, in words for
// them.
type InspectError struct{ Message string }

func (e *InspectError) Error() string { return e.Message }

// explain is what a person is told of an error.
func (q Queue) explain(err error) error {
	if errors.Is(err, errNoQueue) {
		return &InspectError{fmt.Sprintf("the queue %s was deleted meanwhile", q.ARN())}
	}
	return err
}

// FindQueue returns the queue of a name, URL or ARN. account and region are of a
// queue that is given by its name. *InspectError where there is none, which tells
// the one that is meant perhaps.
func (s *Service) FindQueue(ctx context.Context, account, region, queue string) (Queue, error) {
	key := queueKey{account: account, region: region}
	ok := true
	if strings.HasPrefix(queue, "arn:") {
		key, ok = parseQueueARN(queue)
	} else {
		key.account, key.name, ok = parseQueueURL(queue, account)
	}
	if !ok || !isAccount(key.account) || key.region == "" {
		return Queue{}, &InspectError{fmt.Sprintf("%q names no queue: a name, a URL or an ARN does", queue)}
	}
	var there bool
	reg := s.registry(key.account, key.region)
	err := reg.part.View(ctx, func(r store.Reader) error {
		v, err := reg.find(r, key.name)
		there = v != nil && v.State == present
		return err
	})
	if err != nil {
		return Queue{}, err
	}
	if !there {
		return Queue{}, s.noQueue(ctx, key)
	}
	return Queue{key}, nil
}

// nearNames bounds the names among which a person's one is looked for.
const nearNames = 10_000

// noQueue says that a queue is not there, and which is meant perhaps.
func (s *Service) noQueue(ctx context.Context, key queueKey) error {
	hint := ""
	var names []string
	err := s.registry(key.account, key.region).names(ctx, "", "", func(r *registryRow) bool {
		names = append(names, r.Name)
		return len(names) < nearNames
	})
	if err != nil {
		return err
	}
	elsewhere, err := s.elsewhere(ctx, key)
	if err != nil {
		return err
	}
	if near := nearest.Find(key.name, names); elsewhere != nil {
		hint = fmt.Sprintf("; there is one in region %s of account %s", elsewhere.region, elsewhere.account)
	} else if near != "" {
		hint = "; did you mean " + near + "?"
	} else if len(names) == 0 {
		hint = "; there are no queues there"
	} else {
		hint = "; there are " + strings.Join(names[:min(len(names), 5)], ", ")
		if len(names) > 5 {
			hint += " and others"
		}
	}
	return &InspectError{fmt.Sprintf("no queue %s in region %s of account %s%s", key.name, key.region, key.account, hint)}
}

// elsewhere returns a queue of the same name in another region or account, nil for
// none.
func (s *Service) elsewhere(ctx context.Context, key queueKey) (found *queueKey, err error) {
	err = s.registries(ctx, func(k queueKey) error {
		reg := s.registry(k.account, k.region)
		return reg.part.View(ctx, func(r store.Reader) error {
			if found != nil {
				return nil
			}
			v, err := reg.find(r, key.name)
			if v != nil && v.State == present {
				found = &k
			}
			return err
		})
	})
	return found, err
}
