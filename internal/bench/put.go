package bench

import (
	"bytes"
	"fmt"
)

// bodiesBytes is about how much memory the bodies of all connections take. Each
// has several, so that no cache of the server's sees the same bytes at once.
const bodiesBytes = 64 << 20

// putter puts records, one request after the other on one connection.
type putter struct {
	caller
	op       Operation
	requests []*request
	next     int
	per      done // of one request
	protocol Protocol
}

func newPutter(o *Options, i int) (worker, error) {
	p := &putter{op: o.Operation, protocol: o.Protocol}
	b := &bodies{protocol: o.Protocol, stream: o.Stream.Name, size: o.Size, random: newRandom(uint64(i))}
	records, name := o.Records, "PutRecords"
	if o.Operation == PutRecord {
		records, name = 1, "PutRecord"
	}
	p.per = done{records: int64(records), bytes: int64(records) * int64(o.Size)}
	for range o.variants(records) {
		var body []byte
		if o.Operation == PutRecord {
			body = b.putRecord()
		} else {
			body = b.putRecords(records)
		}
		p.requests = append(p.requests, newRequest(name, o.Protocol, body))
	}
	var err error
	p.caller, err = newCaller(&o.Stream.Target)
	return p, err
}

// variants is how many different requests of so many records a connection has.
func (o *Options) variants(records int) int {
	return min(max(bodiesBytes/(o.Connections*records*(o.Size+64)), 3), 256)
}

func (p *putter) step() (done, error) {
	r := p.requests[p.next]
	p.next = (p.next + 1) % len(p.requests)
	answer, err := p.call(r)
	switch {
	case err != nil:
		return done{}, err
	case p.op == PutRecords && !allStored(p.protocol, answer):
		return done{}, fmt.Errorf("%s: not every record was stored: %.300q", r.operation, answer)
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
