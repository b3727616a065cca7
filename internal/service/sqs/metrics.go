package sqs

// Metrics receives what happens to queues. Implementations are safe for
// concurrent use and cheap: they are called on the hot path, once a request.
type Metrics interface {
	// Sent counts messages that were stored, their bytes, and those that a FIFO
	// queue had already.
	Sent(account, region, queue string, messages, bytes, repeats int)
	// Received counts the messages that one receive got, which may be none.
	Received(account, region, queue string, messages int)
	// Deleted counts messages that their receivers deleted.
	Deleted(account, region, queue string, messages int)
	// Forget removes the series of a queue that is gone.
	Forget(account, region, queue string)
}

type noMetrics struct{}

func (noMetrics) Sent(_, _, _ string, _, _, _ int) {}
func (noMetrics) Received(_, _, _ string, _ int)   {}
func (noMetrics) Deleted(_, _, _ string, _ int)    {}
func (noMetrics) Forget(_, _, _ string)            {}
