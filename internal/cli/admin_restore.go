package cli

import (
	"context"
	"fmt"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/millrace/millrace/internal/store/pebblestore"
)

type adminRestoreCmd struct {
	From string `arg:"" help:"Directory that admin backup made."`
	dataFlags
}

// Run copies a backup to the data directory, which must not be there yet or be
// empty.
func (c *adminRestoreCmd) Run(e *Env) error {
	cfg, err := c.load(e)
	if err != nil {
		return err
	}
	from, err := filepath.Abs(c.From)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := pebblestore.Restore(ctx, from, cfg.Data); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.Stdout, "restored to %s; `millrace doctor --data %s` examines it, `millrace server --data %s` serves it\n", cfg.Data, cfg.Data, cfg.Data)
	return err
}
