package sqs

import "github.com/millrace/millrace/internal/store"

// wake wakes a receive that waits where there is something for it, or sets the
// timer to when there will be. It is called with the mutex held, after every
// transaction.
func (q *queue) wake(r store.Reader, m *memory) error {
	if q.waiting.Len() == 0 {
		return nil
	}
	now := q.svc.now()
	at, ok, err := m.order.ready(r, now)
	if err != nil {
		return err
	}
	if ok {
		q.waiting.WakeAt(q.svc.o.Clock, at, now)
	} else {
		q.waiting.WakeNever()
	}
	return nil
}
