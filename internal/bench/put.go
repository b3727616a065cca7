package bench

import (
	"bytes"
	"fmt"
	"net/http"
	"time"
)

// bodiesBytes is about how much memory the bodies of all connections take. Each
// has several, so that no cache of the server's sees the same bytes at once.
const bodiesBytes = 64 << 20

// putter puts records, one request after the other on one connection.
type putter struct {
	target   *Target
	op       Operation
	c        *conn
	requests []*request
	next     int
	per      done // of one request
	protocol Protocol
	answer   []byte
}

func newPutter(o *Options, i int) (worker, error) {
	p := &putter{target: &o.Stream.Target, op: o.Operation, protocol: o.Protocol}
	b := &bodies{protocol: o.Protocol, stream: o.Stream.Name, size: o.Size, random: newRandom(uint64(i))}
	records, name := o.Records, "PutRecords"
	if o.Operation == PutRecord {
		records, name = 1, "PutRecord"
	}
	p.per = done{int64(records), int64(records) * int64(o.Size)}
	for range min(max(bodiesBytes/(o.Connections*records*(o.Size+64)), 3), 256) {
		var body []byte
		if o.Operation == PutRecord {
			body = b.putRecord()
		} else {
			body = b.putRecords(records)
		}
		p.requests = append(p.requests, newRequest(name, o.Protocol, body))
	}
	var err error
	p.c, err = dial(p.target.Host)
	return p, err
}

func (p *putter) close() {
	if p.c != nil {
		p.c.close()
	}
}

func (p *putter) step() (done, error) {
	if p.c == nil {
		var err error
		if p.c, err = dial(p.target.Host); err != nil {
			return done{}, err
		}
	}
	r := p.requests[p.next]
	p.next = (p.next + 1) % len(p.requests)
	p.answer = p.answer[:0]
	status, err := p.c.do(r.parts(p.target, time.Now()), func(b []byte) { p.answer = append(p.answer, b...) })
	switch {
	case err != nil:
		p.c.close()
		p.c = nil
		return done{}, err
	case status != http.StatusOK:
		return done{}, &Error{r.operation, status, string(p.answer)}
	case p.op == PutRecords && !allStored(p.protocol, p.answer):
		return done{}, fmt.Errorf("%s: not every record was stored: %.300q", r.operation, p.answer)
	}
	return p.per, nil
}

// allStored reports whether the answer of a PutRecords tells of no failure.
func allStored(p Protocol, answer []byte) bool {
	i := bytes.Index(answer, []byte("FailedRecordCount"))
	if i < 0 {
		return false
	}
	rest := answer[i+len("FailedRecordCount"):]
	if p == CBOR {
		return len(rest) > 0 && rest[0] == 0
	}
	return bytes.HasPrefix(rest, []byte(`":0`))
}
