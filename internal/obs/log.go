package obs

import (
	"io"
	"log/slog"
	"strings"
)

// NewLogger returns a logger that writes "text" or "json" lines. Attributes
// whose names speak of secrets are blanked, wherever they come from.
func NewLogger(w io.Writer, format string) *slog.Logger {
	o := &slog.HandlerOptions{ReplaceAttr: plain}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// secrets are parts of attribute names whose values are never shown.
var secrets = []string{"secret", "token", "password", "authorization", "signature", "credential", "privatekey"}

// plain blanks secrets, and writes errors as they read: those of some libraries
// would print pages of stack traces instead.
func plain(_ []string, a slog.Attr) slog.Attr {
	name := strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(a.Key))
	for _, s := range secrets {
		if strings.Contains(name, s) {
			return slog.String(a.Key, "[not shown]")
		}
	}
	if err, ok := a.Value.Any().(error); ok {
		return slog.String(a.Key, err.Error())
	}
	return a
}
