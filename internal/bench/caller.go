package bench

import (
	"net/http"
	"time"
)

// caller sends requests one after the other on one connection, which it makes
// anew after a failure. It is used by one goroutine.
type caller struct {
	target *Target
	c      *conn
	answer []byte
}

// newCaller returns a caller that is connected.
func newCaller(t *Target) (caller, error) {
	c, err := dial(t.Host)
	return caller{target: t, c: c}, err
}

func (c *caller) close() {
	if c.c != nil {
		c.c.close()
		c.c = nil
	}
}

// call returns the body of the answer, valid until the next call. An answer that
// says no is an *Error.
func (c *caller) call(r *request) ([]byte, error) {
	if c.c == nil {
		var err error
		if c.c, err = dial(c.target.Host); err != nil {
			return nil, err
		}
	}
	c.answer = c.answer[:0]
	status, err := c.c.do(r.parts(c.target, time.Now()), func(b []byte) { c.answer = append(c.answer, b...) })
	switch {
	case err != nil:
		c.close()
		return nil, err
	case status != http.StatusOK:
		return nil, &Error{r.operation, status, string(c.answer)}
	}
	return c.answer, nil
}
