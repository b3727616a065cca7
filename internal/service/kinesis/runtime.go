package kinesis

import (
	"context"
	"sync/atomic"

	"github.com/millrace/millrace/internal/store"
)

// shardRuntime is what the service keeps of a shard beside its row: the open log
// and the capacity that is left. It lives as long as the shard is listed, across
// states of its stream.
type shardRuntime struct {
	stream  *stream
	id      string
	logName string
	open    atomic.Pointer[openLog]

	writeBytes, writeRecords bucket
	readBytes, readCalls     bucket
	iteratorCalls            bucket
}

type openLog struct{ store.Log }

func newShardRuntime(h *stream, id, logName string) *shardRuntime {
	l := h.svc.o.ShardLimits
	return &shardRuntime{
		stream: h, id: id, logName: logName,
		// Reference kinesis-streams §7: 1 MiB/s and 1,000 records/s in, 2 MiB/s and
		// 5 reads/s out; a bucket holds one second.
		writeBytes: newBucket(mib * l), writeRecords: newBucket(1000 * l),
		readBytes: newBucket(2 * mib * l), readCalls: newBucket(5 * l),
		iteratorCalls: newBucket(5 * l),
	}
}

// log returns the shard's log, opened.
func (rt *shardRuntime) log(ctx context.Context) (store.Log, error) {
	if l := rt.open.Load(); l != nil {
		return l.Log, nil
	}
	l, err := rt.stream.svc.o.Store.OpenLog(ctx, rt.logName)
	if err != nil {
		return nil, err
	}
	rt.open.CompareAndSwap(nil, &openLog{l})
	return rt.open.Load().Log, nil
}
