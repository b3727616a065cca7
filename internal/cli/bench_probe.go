package cli

import (
	"context"
	"fmt"
	"net"

	"github.com/millrace/millrace/internal/bench"
	"github.com/millrace/millrace/internal/store/pebblestore"
)

// benchProbeCmd serves a probe until it is killed.
type benchProbeCmd struct {
	Kind   string `arg:"" enum:"bare,empty" help:"bare: hash, decode and commit. empty: discard."`
	Listen string `default:"127.0.0.1:0" placeholder:"HOST:PORT" help:"Address."`
	Data   string `default:"./millrace-probe" placeholder:"DIR" help:"Where bare keeps its log."`
}

// Run serves.
func (c *benchProbeCmd) Run(e *Env) error {
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return err
	}
	serve := bench.ServeEmpty
	if c.Kind == "bare" {
		s, err := pebblestore.Open(pebblestore.Options{Dir: c.Data, MemoryBytes: 128 << 20})
		if err != nil {
			return err
		}
		defer s.Close()
		log, err := s.CreateLog(context.Background(), "probe")
		if err != nil {
			return err
		}
		serve = func(l net.Listener) error { return bench.ServeBare(l, log) }
	}
	fmt.Fprintf(e.Stdout, "The probe %s serves http://%s\n", c.Kind, l.Addr())
	return serve(l)
}
