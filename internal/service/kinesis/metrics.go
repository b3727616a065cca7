package kinesis

import "time"

// Metrics receives what happens to streams. Implementations are safe for
// concurrent use and cheap: they are called on the hot path, once a request.
//
// enhanced names the metrics that the stream's enhanced monitoring counts for
// each shard by itself (MetricsName of the model); it is empty for most.
type Metrics interface {
	// Put counts records that were stored, and those that a shard's limit refused.
	Put(account, region, stream, shard string, enhanced []string, records, bytes, throttled int)
	// Get counts records that were read by GetRecords, and how old the oldest
	// unread one was; throttled reads have no records.
	Get(account, region, stream, shard string, enhanced []string, records, bytes int, age time.Duration, throttled bool)
	// Subscribed counts records that were pushed to a consumer, and their lag.
	Subscribed(account, region, stream, consumer, shard string, enhanced []string, records, bytes int, behind time.Duration)
	// QueueReceived counts the records that one receive from a queue got, which may
	// be none.
	QueueReceived(account, region, queue string, records int)
	// QueueAcknowledged counts records of a queue that were acknowledged.
	QueueAcknowledged(account, region, queue string, records int)
	// ForgetQueue removes the series of a queue that is gone.
	ForgetQueue(account, region, queue string)
	// Forget removes the series of a stream that is gone.
	Forget(account, region, stream string)
}

type noMetrics struct{}

func (noMetrics) Put(_, _, _, _ string, _ []string, _, _, _ int)                         {}
func (noMetrics) Get(_, _, _, _ string, _ []string, _, _ int, _ time.Duration, _ bool)   {}
func (noMetrics) Subscribed(_, _, _, _, _ string, _ []string, _, _ int, _ time.Duration) {}
func (noMetrics) QueueReceived(_, _, _ string, _ int)                                    {}
func (noMetrics) QueueAcknowledged(_, _, _ string, _ int)                                {}
func (noMetrics) ForgetQueue(_, _, _ string)                                             {}
func (noMetrics) Forget(_, _, _ string)                                                  {}
