package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os/signal"
	"syscall"
	"time"

	"github.com/millrace/millrace/internal/app"
	"github.com/millrace/millrace/internal/app/config"
	"github.com/millrace/millrace/internal/app/datadir"
	"github.com/millrace/millrace/internal/store/pebblestore"
)

type doctorCmd struct {
	dataFlags
	JSON bool `name:"json" help:"Print one JSON object a finding, and one of what was checked."`
}

// Run examines the data directory of a server that does not run.
func (c *doctorCmd) Run(e *Env) error {
	cfg, err := c.load(e)
	if err != nil {
		return err
	}
	if err := notHeld(cfg); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	found := 0
	report := func(f pebblestore.Finding) {
		found++
		if c.JSON {
			_ = json.NewEncoder(e.Stdout).Encode(f) // nobody reads, nobody misses it
			return
		}
		fmt.Fprintf(e.Stdout, "damaged: %s: %s\n", f.Where, f.Problem)
	}
	last := time.Now()
	checked, err := pebblestore.Doctor(ctx, app.StoreOptions(cfg), report, func(n pebblestore.Checked) {
		if e.Colour && time.Since(last) > time.Second {
			last = time.Now()
			fmt.Fprintf(e.Stderr, "%d logs, %d records, %d MB so far\n", n.Logs, n.Records, n.Bytes/1e6)
		}
	})
	if err != nil {
		return fmt.Errorf("examine %s: %w", cfg.Data, err)
	}
	if c.JSON {
		err = json.NewEncoder(e.Stdout).Encode(checked)
	} else {
		_, err = fmt.Fprintf(e.Stdout, "%s: %d logs with %d records, %d partitions with %d rows, %d blobs, %d MB read; %d findings\n",
			cfg.Data, checked.Logs, checked.Records, checked.Partitions, checked.Rows, checked.Blobs, checked.Bytes/1e6, found)
	}
	if err == nil && found > 0 {
		err = &exitError{fmt.Errorf("%d places are damaged; what is elsewhere can be read. Check the disk, and restore from a backup (millrace admin restore)", found), exitDamage}
	}
	return err
}

// notHeld refuses a data directory that a server uses.
func notHeld(cfg *config.Config) error {
	if holder, held := datadir.HeldBy(cfg.Data); held {
		return &datadir.InUseError{Path: cfg.Data, Holder: holder}
	}
	return nil
}
