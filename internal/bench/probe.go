package bench

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/emmansun/base64"

	"github.com/millrace/millrace/internal/store"
)

// serveProbe serves like the edge does, but nothing else.
func serveProbe(l net.Listener, h http.HandlerFunc) error {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	s := &http.Server{Handler: h, Protocols: &protocols, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	return s.Serve(l)
}

var probeAnswer = []byte(`{"FailedRecordCount":0}`)

// ServeEmpty answers every request once its body was read. It returns when the
// listener fails.
func ServeEmpty(l net.Listener) error {
	return serveProbe(l, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // what is read does not matter
		_, _ = w.Write(probeAnswer)
	})
}

// ServeBare answers every request once the records of its body, in JSON, are in
// the log: it hashes the body, decodes the base64 and commits one block. The
// messages of SQS are taken as they are. It checks nothing and knows no shards. It returns when the listener fails.
func ServeBare(l net.Listener, log store.Log) error {
	b := &bare{log: log}
	b.pool.New = func() any { return &bareCall{done: make(chan error, 1)} }
	return serveProbe(l, b.serve)
}

type bare struct {
	log  store.Log
	pool sync.Pool // *bareCall
}

// bareCall is the memory of one request.
type bareCall struct {
	body  []byte
	data  []byte
	block store.Block
	sum   [sha256.Size]byte
	done  chan error
}

func (b *bare) serve(w http.ResponseWriter, r *http.Request) {
	c := b.pool.Get().(*bareCall)
	defer b.pool.Put(c)
	if err := c.handle(b.log, r); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(probeAnswer) // a client that is gone needs no answer
}

var errNoRecords = errors.New("no record in the body")

func (c *bareCall) handle(log store.Log, r *http.Request) error {
	if n := int(r.ContentLength); n > cap(c.body) {
		c.body = make([]byte, n)
	}
	c.body = c.body[:max(r.ContentLength, 0)]
	if _, err := io.ReadFull(r.Body, c.body); err != nil {
		return err
	}
	c.sum = sha256.Sum256(c.body)
	c.block.Reset()
	mark, messages := dataMark, strings.HasPrefix(r.Header.Get("X-Amz-Target"), sqs.target)
	if messages {
		mark = messageMark
	}
	for rest := c.body; ; {
		var text []byte
		if text, rest = nextText(rest, mark); text == nil {
			break
		}
		if messages {
			c.block.Add(text)
			continue
		}
		if n := base64.StdEncoding.DecodedLen(len(text)); n > cap(c.data) {
			c.data = make([]byte, n)
		}
		n, err := base64.StdEncoding.Decode(c.data[:cap(c.data)], text)
		if err != nil {
			return err
		}
		c.block.Add(c.data[:n])
	}
	if c.block.Count() == 0 {
		return errNoRecords
	}
	log.Append(&c.block, func(_ store.Appended, err error) { c.done <- err })
	return <-c.done
}

var (
	dataMark    = []byte(`"Data":"`)
	messageMark = []byte(`"MessageBody":"`)
)

// nextText returns the text that follows the next mark, and what follows that,
// nil at the end.
func nextText(b, mark []byte) (text, rest []byte) {
	i := bytes.Index(b, mark)
	if i < 0 {
		return nil, nil
	}
	b = b[i+len(mark):]
	end := bytes.IndexByte(b, '"')
	if end < 0 {
		return nil, nil
	}
	return b[:end:end], b[end:]
}
