package bench

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// taker receives messages of a queue, or records of a queue on a stream, and
// settles them: deletes or acknowledges. The receive is signed beforehand.
type taker struct {
	caller
	size    int64
	receive *request
	settle  *request // its body is made of the handles that were received
	begin   string   // of that body
	numbers bool     // its entries have ids
}

// waitSeconds is how long a receive waits for something.
const waitSeconds = "1"

// newMessageTaker returns a taker of a queue of SQS.
func newMessageTaker(o *Options, c caller) *taker {
	id := strconv.Quote(o.Queue.ID)
	body := `{"QueueUrl":` + id + `,"MaxNumberOfMessages":` + strconv.Itoa(o.Records) + `,"WaitTimeSeconds":` + waitSeconds + "}"
	return &taker{
		caller: c, size: int64(o.Size), receive: newQueueRequest("ReceiveMessage", []byte(body)), settle: newQueueRequest("DeleteMessageBatch", nil),
		begin: `{"QueueUrl":` + id + `,"Entries":[`, numbers: true,
	}
}

// newTaker returns a worker that takes records of a queue on a stream. That they
// run out is an error: nobody puts more.
func newTaker(o *Options) (worker, error) {
	c, err := newCaller(&o.Queue.Target)
	id := strconv.Quote(o.Queue.ID)
	body := `{"QueueARN":` + id + `,"Limit":` + strconv.Itoa(o.Records) + `,"WaitTimeSeconds":` + waitSeconds + "}"
	return &taker{
		caller: c, size: int64(o.Size), receive: newRequest("ReceiveQueueRecords", JSON, []byte(body)), settle: newRequest("AcknowledgeQueueRecords", JSON, nil),
		begin: `{"QueueARN":` + id + `,"Entries":[`,
	}, err
}

var errRanOut = errors.New("the queue has no more records")

func (t *taker) step() (done, error) {
	d, err := t.take()
	d.took = 0
	if err == nil && d.records == 0 {
		err = errRanOut
	}
	return d, err
}

// take receives and settles, and tells how long the receive took.
func (t *taker) take() (d done, err error) {
	began := time.Now()
	answer, err := t.call(t.receive)
	if err != nil {
		return d, err
	}
	d.took = time.Since(began)
	body := append(t.settle.body[:0], t.begin...)
	for ; ; d.records++ {
		var handle []byte
		if handle, answer = nextHandle(answer); handle == nil {
			break
		}
		if d.records > 0 {
			body = append(body, ',')
		}
		body = append(body, '{')
		if t.numbers {
			body = append(append(append(body, `"Id":"`...), byte('0'+d.records)), `",`...)
		}
		body = append(append(append(body, `"ReceiptHandle":"`...), handle...), `"}`...)
	}
	if d.records == 0 {
		return d, nil
	}
	d.bytes = d.records * t.size
	t.settle.body = append(body, "]}"...)
	t.settle.renew()
	answer, err = t.call(t.settle)
	if err == nil && anyFailed(answer) {
		err = fmt.Errorf("%s: not everything was settled: %.300q", t.settle.operation, answer)
	}
	return d, err
}

// nextHandle returns the next receipt handle of an answer and what follows it,
// nil at the end. A handle has nothing that JSON escapes.
func nextHandle(b []byte) (handle, rest []byte) {
	for {
		var ok bool
		if _, b, ok = bytes.Cut(b, []byte(`"ReceiptHandle"`)); !ok {
			return nil, nil
		}
		value, ok := bytes.CutPrefix(bytes.TrimLeft(b, " "), []byte{':'})
		if !ok {
			continue // a text, not a name
		}
		value, ok = bytes.CutPrefix(bytes.TrimLeft(value, " "), []byte{'"'})
		if !ok {
			continue
		}
		if handle, rest, ok = bytes.Cut(value, []byte{'"'}); !ok {
			return nil, nil
		}
		return handle, rest
	}
}

// anyFailed reports whether the answer to a batch tells of a failure: a list
// Failed that is not empty.
func anyFailed(answer []byte) bool {
	_, rest, _ := bytes.Cut(answer, []byte(`"Failed"`))
	_, rest, _ = bytes.Cut(rest, []byte{'['})
	rest = bytes.TrimLeft(rest, " \t\r\n")
	return len(rest) > 0 && rest[0] == '{'
}
