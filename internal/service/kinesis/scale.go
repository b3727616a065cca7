package kinesis

import (
	"context"
	"time"

	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// On-demand streams scale by themselves: the shards double when the busiest
// second of the last minute took more than half of what they allow, and halve
// when that of the last 24 hours took less than an eighth.
const (
	scaleInterval  = time.Minute
	scaleUpShare   = 1.0 / 2
	scaleDownShare = 1.0 / 8
	minOnDemand    = onDemandShards
)

// peak is the busiest second of an hour.
type peak struct {
	Hour int64 `json:"hour"` // Unix hours
	rate
}

// scaleAll looks at the on-demand streams, every minute.
func (s *Service) scaleAll(ctx context.Context) {
	for _, h := range s.all() {
		if err := h.scale(ctx, h.meter.take()); err != nil && ctx.Err() == nil {
			s.o.Logger.Warn("an on-demand stream could not be scaled; the next minute tries again", "stream", h.key.arn(), "error", err)
		}
	}
}

// scale notes the last minute's peak, and begins a reshard where it is time.
func (h *stream) scale(ctx context.Context, last rate) error {
	st, err := h.load(ctx)
	if err != nil || st == nil || !st.OnDemand {
		return err
	}
	now := h.svc.o.Clock.Now().UTC()
	peaks, higher := notePeak(st.Peaks, now, last)
	target := st.scaleTarget(now, last, peaks)
	if st.Status != active || target == len(st.openShard) {
		if !higher {
			return nil
		}
		return h.update(ctx, func(tx store.Tx, st *streamState) error {
			d := st.description
			d.Peaks, _ = notePeak(d.Peaks, now, last)
			tx.Set(descriptionKey, row.Encode(d))
			return nil
		})
	}
	full := false
	if err := h.svc.reserveShards(ctx, h.key, target, func(int, int) error { full = true; return nil }); err != nil {
		return err
	}
	if full {
		h.svc.o.Logger.Warn("an on-demand stream needs more shards than the quota of its account leaves", "stream", h.key.arn(), "shards", target, "quota", h.svc.o.ShardQuota)
		return nil
	}
	return h.update(ctx, func(tx store.Tx, st *streamState) error {
		if st.Status != active || !st.OnDemand {
			return nil
		}
		d := st.description
		d.Peaks, _ = notePeak(d.Peaks, now, last)
		d.ScaledAt = now
		h.svc.begin(&d, updating, &change{Reshard: &reshard{Count: target}})
		tx.Set(descriptionKey, row.Encode(d))
		return nil
	})
}

// scaleTarget is how many shards an on-demand stream should have.
func (st *streamState) scaleTarget(now time.Time, last rate, peaks []peak) int {
	n := len(st.openShard)
	floor := max(minOnDemand, int(st.WarmMiBps)) // a shard takes 1 MiB/s
	var ofDay rate
	for _, p := range peaks {
		ofDay = ofDay.max(p.rate)
	}
	since := st.CreatedAt
	if st.ScaledAt.After(since) {
		since = st.ScaledAt
	}
	switch {
	case last.share(n) > scaleUpShare:
		return max(2*n, floor)
	case n < floor:
		return floor
	case now.Sub(since) >= day && ofDay.share(n) < scaleDownShare:
		return max(n/2, floor)
	}
	return n
}

// notePeak returns the hourly peaks of the last 24 hours with the last minute's
// added, and whether that is worth storing: a rise of the running hour's peak by a
// quarter is.
func notePeak(peaks []peak, now time.Time, last rate) ([]peak, bool) {
	hour := now.Unix() / 3600
	out := make([]peak, 0, len(peaks)+1)
	higher := last != (rate{})
	for _, p := range peaks {
		switch {
		case hour-p.Hour >= 24:
			continue
		case p.Hour == hour:
			higher = float64(last.Bytes) > 1.25*float64(p.Bytes) || float64(last.Records) > 1.25*float64(p.Records)
			p.rate = p.max(last)
			last = rate{}
		}
		out = append(out, p)
	}
	if last != (rate{}) {
		out = append(out, peak{hour, last})
	}
	return out, higher
}
