package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/millrace/millrace/internal/app"
	"github.com/millrace/millrace/internal/app/cert"
)

type adminCACmd struct{ dataFlags }

// Run prints the certificate of the authority, PEM.
func (c *adminCACmd) Run(e *Env) error {
	cfg, err := c.load(e)
	if err != nil {
		return err
	}
	text, err := cert.Authority(filepath.Join(cfg.Data, app.TLSFolder))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s has no authority yet; start the server once (without --tls-cert), or name its directory with --data", cfg.Data)
	}
	if err != nil {
		return err
	}
	_, err = e.Stdout.Write(text)
	return err
}
