package obs

import (
	"io"
	"log/slog"
	"strings"
)

// NewLogger returns a logger that writes "text" or "json" lines. Attributes
// whose names speak of secrets are blanked, wherever they come from.
func NewLogger(w io.Writer, format string) *slog.Logger {
	o := &slog.HandlerOptions{ReplaceAttr: blank}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// secrets are parts of attribute names whose values are never shown.
var secrets = []string{"secret", "token", "password", "authorization", "signature", "credential", "privatekey"}

func blank(_ []string, a slog.Attr) slog.Attr {
	name := strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(a.Key))
	for _, s := range secrets {
		if strings.Contains(name, s) {
			return slog.String(a.Key, "[not shown]")
		}
	}
	return a
}
