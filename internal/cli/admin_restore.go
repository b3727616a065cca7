package cli

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/pebblestore"
)

type adminRestoreCmd struct {
	From    string `arg:"" help:"Directory that admin backup made."`
	Damaged bool   `name:"damaged" help:"Restore what is there of a damaged backup, too."`
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
	found, last := 0, time.Now()
	err = pebblestore.Restore(ctx, from, cfg.Data, pebblestore.RestoreOptions{
		AcceptDamage: c.Damaged,
		Damaged: func(f pebblestore.Finding) {
			found++
			fmt.Fprintf(e.Stderr, "damaged: %s: %s\n", f.Where, f.Problem)
		},
		Progress: func(read, total int64) {
			if e.Colour && time.Since(last) > time.Second {
				last = time.Now()
				fmt.Fprintf(e.Stderr, "%d of %d MB so far\n", read/1e6, total/1e6)
			}
		},
	})
	if errors.Is(err, store.ErrCorrupt) {
		return &exitError{fmt.Errorf("%w; take another backup, or what is there of this one with --damaged", err), exitDamage}
	}
	if err != nil {
		return err
	}
	if _, err = fmt.Fprintf(e.Stdout, "restored to %s; `millrace doctor --data %s` examines it, `millrace server --data %s` serves it\n", cfg.Data, cfg.Data, cfg.Data); err != nil {
		return err
	}
	if found > 0 {
		return &exitError{fmt.Errorf("%d files of the backup are damaged, and so is what was restored", found), exitDamage}
	}
	return nil
}
