package cli

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/millrace/millrace/internal/base/fault"
)

type versionCmd struct {
	JSON bool `name:"json" help:"As JSON."`
}

// build is what the binary knows of how it was made.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	Faults   bool   `json:"faults,omitempty"`
}

func currentBuild() build {
	b := build{Version: "(devel)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Faults: fault.Enabled}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			b.Revision = s.Value
		}
	}
	return b
}

// Run prints what the binary is.
func (c *versionCmd) Run(e *Env) error {
	b := currentBuild()
	if c.JSON {
		return json.NewEncoder(e.Stdout).Encode(b)
	}
	faults := ""
	if b.Faults {
		faults = ", with fault points: for tests only"
	}
	_, err := fmt.Fprintf(e.Stdout, "millrace %s (%s, %s%s)\n", b.Version, b.Go, b.Platform, faults)
	return err
}
