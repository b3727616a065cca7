package kinesis

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/base/fault"
	"github.com/millrace/millrace/internal/inflight"
	"github.com/millrace/millrace/internal/store"
)

// heldRecord is a record that the holder of a receipt may decide about.
type heldRecord struct {
	m    *queueMemory
	sh   *queueShard
	in   *inflight.Machine // live or dead
	item inflight.Item
}

// held finds the record of a receipt. Where there is nothing to decide it returns
// nil and why.
func (m *queueMemory) held(r store.Reader, rc *queueReceipt) (*heldRecord, *api.Error, error) {
	if sh := m.shard(rc.shard); sh != nil {
		machines := []*inflight.Machine{sh.live, sh.dead} // of the last receive: see deliver
		if rc.dead {
			machines = machines[1:]
		}
		for _, in := range machines {
			it, ok, err := in.Find(r, rc.position)
			switch {
			case err != nil:
				return nil, nil, err
			case ok && it.Lease != rc.lease:
				return nil, kinesisapi.ErrInvalidArgumentException.New("The receipt handle has expired: the record was received again, or restored."), nil
			case ok:
				return &heldRecord{m, sh, in, it}, nil, nil
			}
		}
	}
	return nil, kinesisapi.ErrResourceNotFoundException.New("The record is not in the queue any more."), nil
}

// acknowledge settles the record: the queue does not deliver it again.
func (h *heldRecord) acknowledge(tx store.Tx) {
	h.in.Remove(tx, h.item)
	h.m.touch(h.sh)
}

// show makes the record visible at a time.
func (h *heldRecord) show(tx store.Tx, at int64) {
	it := h.item
	it.Visible = at
	h.in.Change(tx, h.item, it)
	h.m.touch(h.sh)
}

// restore makes a dead letter a record that was never received, but for its
// leases, which never come again.
func (h *heldRecord) restore(tx store.Tx, now int64) {
	it := h.item
	it.Visible, it.Count = now, 0
	h.in.Remove(tx, h.item)
	h.sh.live.Put(tx, it)
	h.m.touch(h.sh)
}

// undo takes back the last receive, but for its lease.
func (h *heldRecord) undo(tx store.Tx, dead bool, now int64) {
	it := h.item
	it.Visible = now
	it.Count--
	h.in.Remove(tx, h.item)
	if dead {
		h.sh.dead.Put(tx, it)
	} else {
		h.sh.live.Put(tx, it)
	}
	h.m.touch(h.sh)
}

// settleInQueue runs f for the records of receipt handles, all in one commit. It
// returns the queue, and for each handle why f did not run; nil where it did.
func (s *Service) settleInQueue(ctx context.Context, arn string, dead bool, handles []string, f func(tx store.Tx, h *heldRecord, i int, now int64)) (*queue, []*api.Error, error) {
	q, err := s.resolveQueue(ctx, arn)
	if err != nil {
		return nil, nil, err
	}
	failed := make([]*api.Error, len(handles))
	receipts := make([]*queueReceipt, len(handles))
	for i, handle := range handles {
		rc, err := openQueueReceipt(s.tokens, q.key.id, handle)
		if err != nil && !isForeign(err) {
			return nil, nil, err
		}
		if err == nil && rc.dead == dead {
			receipts[i] = rc
		} else {
			failed[i] = kinesisapi.ErrInvalidArgumentException.New("The receipt handle is not valid.")
		}
	}
	err = q.update(store.Freeing(ctx), func(tx store.Tx, m *queueMemory) error {
		if err := m.wantDelivering(q.key); err != nil {
			return err
		}
		now := s.nowMillis()
		for i, rc := range receipts {
			if rc == nil {
				continue
			}
			var h *heldRecord
			if h, failed[i], err = m.held(tx, rc); err != nil {
				return err
			}
			if h != nil {
				f(tx, h, i, now)
			}
		}
		fault.Point("kinesis.queue.settle.written")
		return nil
	})
	if err == nil {
		fault.Point("kinesis.queue.settle.durable")
	}
	return q, failed, err
}

// settleEach runs f for the records of receipt handles and fills the two lists of
// an answer. See settleInQueue.
func settleEach[S ~struct{ ReceiptHandle api.Opt[string] }, F ~struct{ ReceiptHandle, ErrorCode, ErrorMessage api.Opt[string] }](ctx context.Context, s *Service, arn string, dead bool, handles []string, ok *[]S, bad *[]F, f func(tx store.Tx, h *heldRecord, i int, now int64)) (*queue, error) {
	q, failed, err := s.settleInQueue(ctx, arn, dead, handles, f)
	if err != nil {
		return nil, err
	}
	answerEach(handles, failed, ok, bad)
	return q, nil
}

// acknowledgeEach settles the records of receipt handles, and counts them.
func acknowledgeEach[S ~struct{ ReceiptHandle api.Opt[string] }, F ~struct{ ReceiptHandle, ErrorCode, ErrorMessage api.Opt[string] }](ctx context.Context, s *Service, arn string, dead bool, handles []string, ok *[]S, bad *[]F) error {
	q, err := settleEach(ctx, s, arn, dead, handles, ok, bad, func(tx store.Tx, h *heldRecord, _ int, _ int64) { h.acknowledge(tx) })
	if err == nil {
		s.o.Metrics.QueueAcknowledged(q.key.account, q.key.region, q.name, len(*ok))
	}
	return err
}

// answerEach fills the two lists of an answer, which are never absent.
func answerEach[S ~struct{ ReceiptHandle api.Opt[string] }, F ~struct{ ReceiptHandle, ErrorCode, ErrorMessage api.Opt[string] }](handles []string, failed []*api.Error, ok *[]S, bad *[]F) {
	*ok, *bad = []S{}, []F{}
	for i, handle := range handles {
		if e := failed[i]; e != nil {
			*bad = append(*bad, F{ReceiptHandle: api.Some(handle), ErrorCode: api.Some(e.Shape.Code), ErrorMessage: api.Some(e.Message)})
		} else {
			*ok = append(*ok, S{ReceiptHandle: api.Some(handle)})
		}
	}
}

// handlesOf returns the receipt handles of a request's entries.
func handlesOf[E any](entries []E, handle func(*E) api.Opt[string]) []string {
	out := make([]string, len(entries))
	for i := range entries {
		out[i] = handle(&entries[i]).V
	}
	return out
}
