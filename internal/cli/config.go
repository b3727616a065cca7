package cli

import (
	"fmt"
	"text/tabwriter"
)

type configCmd struct {
	Print configPrintCmd `cmd:"" help:"Show each value in effect and where it comes from."`
}

type configPrintCmd struct{ settings }

// Run prints one line a setting.
func (c *configPrintCmd) Run(e *Env) error {
	_, values, err := c.load(e)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(e.Stdout, 0, 0, 2, ' ', 0)
	for _, v := range values {
		value := v.Value
		if value == "" {
			value = "(none)"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", v.Name, value, v.Origin)
	}
	return w.Flush()
}
