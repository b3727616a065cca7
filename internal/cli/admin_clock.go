package cli

import "fmt"

type adminClockAcceptCmd struct{ dataFlags }

// Run has the running server take its clock as it is.
func (c *adminClockAcceptCmd) Run(e *Env) error {
	cfg, err := c.load(e)
	if err != nil {
		return err
	}
	message, err := adminCall(e, cfg.Data, "clock/accept", nil)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.Stdout, message)
	return err
}
