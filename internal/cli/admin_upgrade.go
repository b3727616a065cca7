package cli

import (
	"fmt"

	"github.com/millrace/millrace/internal/store/pebblestore"
)

type adminUpgradeCmd struct{ dataFlags }

// Run brings the data directory of a server that does not run to the format that
// this release writes. There has been one format so far, so no data can be of an
// earlier one; the release that brings the next has its conversion done here.
func (c *adminUpgradeCmd) Run(e *Env) error {
	cfg, err := c.load(e)
	if err != nil {
		return err
	}
	if err := notHeld(cfg); err != nil {
		return err
	}
	format, err := pebblestore.FormatOf(cfg.Data)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.Stdout, "%s is of format %d, and %d is the newest that this release writes: there is nothing to do\n", cfg.Data, format, pebblestore.Format)
	return err
}
