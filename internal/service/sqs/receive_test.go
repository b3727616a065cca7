package sqs

import (
	"errors"
	"strings"
	"testing"
)

// A panic on a stack of its own is the caller's, who can recover from it.
func TestShallow(t *testing.T) {
	failure := errors.New("failure")
	for _, apart := range []bool{false, true} {
		if err := shallow(apart, func() error { return failure }); !errors.Is(err, failure) {
			t.Errorf("apart %v: %v", apart, err)
		}
		func() {
			defer func() {
				if p, _ := recover().(string); !strings.Contains(p, "out of order") {
					t.Errorf("apart %v: recovered %q", apart, p)
				}
			}()
			_ = shallow(apart, func() error { panic("out of order") })
		}()
	}
}
