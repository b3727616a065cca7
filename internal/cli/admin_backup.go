package cli

import (
	"fmt"
	"net/url"
	"path/filepath"
)

type adminBackupCmd struct {
	Dir string `arg:"" help:"Directory to make; it must not be there yet."`
	dataFlags
}

// Run has the running server write the backup.
func (c *adminBackupCmd) Run(e *Env) error {
	cfg, err := c.load(e)
	if err != nil {
		return err
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return err
	}
	message, err := adminCall(e, cfg.Data, "backup", url.Values{"dir": {dir}})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.Stdout, message)
	return err
}
