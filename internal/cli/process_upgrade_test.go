package cli

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestAdminUpgrade(t *testing.T) {
	data := dataDir(t)
	upgrade := func(status int, want string) {
		t.Helper()
		got, stdout, stderr := run(t, nil, "admin", "upgrade", data)
		if got != status || !strings.Contains(stdout+stderr, want) {
			t.Errorf("exit status %d, %s%s", got, stdout, stderr)
		}
	}
	upgrade(exitFailed, "is no data directory")
	s := start(t, nil, data)
	upgrade(exitInUse, "in use by the server")
	s.stop(syscall.SIGTERM)
	upgrade(0, "is of format 1, and 1 is the newest that this release writes: there is nothing to do")
	for text, want := range map[string]string{"2\n": "says 2, this release knows 1", "one\n": `"one\n", not a format's number`} {
		if err := os.WriteFile(filepath.Join(strings.TrimPrefix(data, "--data="), "FORMAT"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		upgrade(exitFailed, want)
		// The server says the same and does not touch the data.
		if status, _, stderr := run(t, nil, "server", data, "--listen=127.0.0.1:0", "--tls-listen=off", "--min-free=0"); status != exitFailed || !strings.Contains(stderr, want) {
			t.Errorf("server: exit status %d, %s", status, stderr)
		}
	}
}
