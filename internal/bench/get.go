package bench

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/http"
	"time"
)

// getter reads a shard from its beginning, and begins anew at its end. It counts
// records without decoding them.
type getter struct {
	stream   *Stream
	protocol Protocol
	size     int64
	shard    string
	c        *conn
	iterator string
	page     page
}

func newGetter(o *Options, i int) (worker, error) {
	g := &getter{stream: &o.Stream, protocol: o.Protocol, size: int64(o.Size)}
	var err error
	if g.c, err = dial(g.stream.Target.Host); err != nil {
		return nil, err
	}
	shards, err := g.stream.shards(g.c)
	if err == nil && len(shards) == 0 {
		err = errors.New("the stream has no open shard")
	}
	if err != nil {
		g.close()
		return nil, err
	}
	g.shard = shards[i%len(shards)]
	return g, nil
}

func (g *getter) close() {
	if g.c != nil {
		g.c.close()
	}
}

func (g *getter) step() (done, error) {
	d, err := g.read()
	if err != nil {
		g.iterator = ""
		if e := (*Error)(nil); !errors.As(err, &e) {
			g.close()
			g.c = nil
		}
	}
	return d, err
}

func (g *getter) read() (d done, err error) {
	if g.c == nil {
		if g.c, err = dial(g.stream.Target.Host); err != nil {
			return d, err
		}
	}
	if g.iterator == "" {
		if g.iterator, err = g.stream.iterator(g.c, g.shard); err != nil {
			return d, err
		}
	}
	b := bodies{protocol: g.protocol}
	r := newRequest("GetRecords", g.protocol, b.getRecords(g.iterator))
	g.page.reset()
	status, err := g.c.do(r.parts(&g.stream.Target, time.Now()), g.page.add)
	if err != nil {
		return d, err
	}
	if status != http.StatusOK {
		return d, &Error{r.operation, status, string(g.page.edge)}
	}
	d = done{records: g.page.records, bytes: g.page.records * g.size}
	g.iterator = nextIterator(g.protocol, g.page.edge)
	if d.records == 0 {
		g.iterator = ""
	}
	return d, nil
}

// edgeBytes is how much of the beginning and of the end of an answer is kept:
// the next iterator is in one of them.
const edgeBytes = 4 << 10

// recordMark is in an answer once for each record.
const recordMark = "SequenceNumber"

// page counts the records of an answer while it goes by, and keeps its edges.
type page struct {
	records int64
	edge    []byte // the first edgeBytes, then the last ones
}

func (p *page) reset() { p.records, p.edge = 0, p.edge[:0] }

func (p *page) add(b []byte) {
	// A mark that began in the piece before lies in the seam.
	var seam [2 * len(recordMark)]byte
	n := copy(seam[:], p.edge[max(0, len(p.edge)-len(recordMark)+1):])
	n += copy(seam[n:], b[:min(len(b), len(recordMark)-1)])
	p.records += int64(bytes.Count(seam[:n], []byte(recordMark)) + bytes.Count(b, []byte(recordMark)))
	p.keep(b)
}

func (p *page) keep(b []byte) {
	if n := min(edgeBytes-len(p.edge), len(b)); n > 0 {
		p.edge, b = append(p.edge, b[:n]...), b[n:]
	}
	if len(b) > edgeBytes {
		p.edge, b = p.edge[:edgeBytes], b[len(b)-edgeBytes:]
	}
	if over := len(p.edge) + len(b) - 2*edgeBytes; over > 0 {
		p.edge = p.edge[:edgeBytes+copy(p.edge[edgeBytes:], p.edge[edgeBytes+over:])]
	}
	p.edge = append(p.edge, b...)
}

// nextIterator finds the next iterator in an answer, "" where there is none.
func nextIterator(p Protocol, answer []byte) string {
	const name = "NextShardIterator"
	i := bytes.LastIndex(answer, []byte(name))
	if i < 0 {
		return ""
	}
	rest := answer[i+len(name):]
	if p == JSON {
		rest, ok := bytes.CutPrefix(rest, []byte(`":"`))
		end := bytes.IndexByte(rest, '"')
		if !ok || end < 0 {
			return ""
		}
		return string(rest[:end])
	}
	return textOf(rest)
}

// textOf returns the CBOR text that b begins with, "" where that is none.
func textOf(b []byte) string {
	const text = 3 << 5
	var n, head int
	switch {
	case len(b) < 3:
		return ""
	case b[0] >= text && b[0] < text+24:
		n, head = int(b[0]-text), 1
	case b[0] == text+24:
		n, head = int(b[1]), 2
	case b[0] == text+25:
		n, head = int(binary.BigEndian.Uint16(b[1:])), 3
	}
	if head == 0 || len(b) < head+n {
		return ""
	}
	return string(b[head : head+n])
}
