package sqs

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// moveTask is a StartMessageMoveTask that moves a queue's messages, or has. It is
// a row of that queue.
type moveTask struct {
	ID          string `json:"id"`                    // a UUID
	Started     int64  `json:"started"`               // ms since 1970
	Destination string `json:"destination,omitempty"` // ARN; empty: to where each came from
	Rate        int32  `json:"rate,omitempty"`        // messages a second; 0: no limit
	Status      string `json:"status"`
	Moved       int64  `json:"moved"`             // messages that have arrived
	ToMove      int64  `json:"toMove"`            // messages that could be received at the start
	Failure     string `json:"failure,omitempty"` // why it failed
}

// Statuses of a task.
const (
	taskRunning    = "RUNNING"
	taskCompleted  = "COMPLETED"
	taskCancelling = "CANCELLING"
	taskCancelled  = "CANCELLED"
	taskFailed     = "FAILED"
)

// Why tasks fail, in the words of AWS.
const (
	targetGone = "AWS.SimpleQueueService.NonExistentQueue"
	noSource   = "CouldNotDetermineMessageSource" // there is no destination, and the message came from nowhere
)

// keptTasks is how many tasks of a queue are known, the newest ones.
const keptTasks = 10

var taskPrefix = []byte("k/")

// taskKey orders tasks by when they were started.
func taskKey(t *moveTask) []byte {
	b := binary.BigEndian.AppendUint64([]byte("k/"), uint64(t.Started))
	return append(b, t.ID...)
}

func (t *moveTask) put(tx store.Tx) { tx.Set(taskKey(t), row.Encode(t)) }

func (t *moveTask) active() bool { return t.Status == taskRunning || t.Status == taskCancelling }

// tasks yields the tasks of a queue, newest first, until f returns false.
func tasks(r store.Reader, f func(t *moveTask) bool) error {
	for kv, err := range r.ScanReverse(taskPrefix, row.End(taskPrefix)) {
		if err != nil {
			return err
		}
		t := new(moveTask)
		if err := row.Decode(kv.Value, t); err != nil {
			return err
		}
		if !f(t) {
			return nil
		}
	}
	return nil
}

// activeTask returns the task that moves messages of the queue, nil for none.
func activeTask(r store.Reader) (active *moveTask, err error) {
	err = tasks(r, func(t *moveTask) bool {
		if t.active() {
			active = t
		}
		return active == nil
	})
	return active, err
}

// pruneTasks removes tasks that are over, so that there is room for one more.
func pruneTasks(tx store.Tx) error {
	n := 0
	var old []*moveTask
	err := tasks(tx, func(t *moveTask) bool {
		if n++; n >= keptTasks && !t.active() {
			old = append(old, t)
		}
		return true
	})
	for _, t := range old {
		tx.Delete(taskKey(t))
	}
	return err
}

// countMoved counts messages that have arrived for the queue's task.
func countMoved(tx store.Tx, n int64) error {
	if n == 0 {
		return nil
	}
	t, err := activeTask(tx)
	if t != nil {
		t.Moved += n
		t.put(tx)
	}
	return err
}

// failTask ends the queue's task.
func failTask(tx store.Tx, reason string) error {
	t, err := activeTask(tx)
	if t != nil {
		t.Status, t.Failure = taskFailed, reason
		t.put(tx)
	}
	return err
}

// batch is how many messages are taken at once, and how long it is to the next
// ones: a tenth of a second, or as long as one message takes.
func (t *moveTask) batch() (n int, every time.Duration) {
	if t.Rate == 0 {
		return moveMessages, 0
	}
	n = max(1, int(t.Rate)/10)
	return n, time.Duration(n) * time.Second / time.Duration(t.Rate)
}

// stepTask lets the queue's task take its next messages, once the outbox is empty.
// more: there is a task still, which goes on after wait.
func (s *Service) stepTask(ctx context.Context, e *errand) (wait time.Duration, more bool, err error) {
	var none bool
	err = s.o.Store.Partition(e.key.partition()).View(ctx, func(r store.Reader) error {
		t, err := activeTask(r)
		none = t == nil
		return err
	})
	if none || err != nil {
		return 0, false, err
	}
	err = s.update(ctx, e.key, func(tx store.Tx, q *queue, m *memory) error {
		wait, more = 0, false
		t, err := activeTask(tx)
		if err != nil || t == nil {
			return err
		}
		now := s.now()
		switch {
		case t.Status == taskCancelling:
			t.Status = taskCancelled
			t.put(tx)
			return nil
		case t.Moved >= t.ToMove:
			t.Status = taskCompleted
			t.put(tx)
			return nil
		case now < e.next:
			wait, more = time.Duration(e.next-now)*time.Millisecond, true
			return nil
		}
		n, every := t.batch()
		taken, err := s.takeForTask(tx, m, t, now, int(min(int64(n), t.ToMove-t.Moved)))
		if err != nil {
			return err
		}
		if taken == 0 {
			t.Status = taskCompleted
			t.put(tx)
			return nil
		}
		more = true
		e.next = max(e.next, now) + every.Milliseconds()
		return nil
	})
	return wait, more, ignoreGone(err)
}

// takeForTask puts messages that can be received into the outbox, and returns how
// many.
func (s *Service) takeForTask(tx store.Tx, m *memory, t *moveTask, now int64, n int) (int, error) {
	// They are leased for a moment, within this commit.
	rc := &receiving{now: now, until: now + 1000, max: n, limit: math.MaxInt64, horizon: m.horizon(s)}
	if err := m.order.receive(tx, rc); err != nil {
		return 0, err
	}
	for i := range rc.out {
		target := t.Destination
		if target == "" {
			mg := &moving{row: rc.out[i].row}
			// One that is damaged goes nowhere, as move finds.
			if err := s.read(m.desc, mg); err != nil && !errors.Is(err, store.ErrCorrupt) {
				return 0, err
			}
			target = strings.Clone(mg.msg.source)
		}
		it, err := m.order.leave(tx, rc.out[i].item, now)
		if err != nil {
			return 0, err
		}
		if it.Count--; it.Count == 0 {
			it.First, it.Last = 0, 0
		}
		post(tx, it, target, false)
	}
	return len(rc.out), nil
}
