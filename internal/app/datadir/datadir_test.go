package datadir

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func hold(t *testing.T, path string) *Dir {
	t.Helper()
	d, err := Hold(path, "127.0.0.1:4566")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestOneServerAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new")
	d := hold(t, path)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("made with %v, %v", info.Mode(), err)
	}
	_, err := Hold(path, "elsewhere")
	var in *InUseError
	if !errors.As(err, &in) || in.Holder.PID != os.Getpid() || !strings.Contains(err.Error(), "127.0.0.1:4566") {
		t.Errorf("a second server got %v", err)
	}
	if h, held := HeldBy(path); !held || h.PID != os.Getpid() {
		t.Errorf("held by %v, %v", h, held)
	}
	if err := d.Release(); err != nil {
		t.Fatal(err)
	}
	if _, held := HeldBy(path); held {
		t.Error("still held after its release")
	}
	if err := hold(t, path).Release(); err != nil {
		t.Error(err)
	}
}

func TestRootCredentialsAreMadeOnceAndKept(t *testing.T) {
	d := hold(t, t.TempDir())
	defer d.Release()
	first, made, err := d.RootCredentials(env())
	if err != nil || !made || len(first.AccessKeyID) != 20 || len(first.SecretAccessKey) != 40 {
		t.Fatalf("%+v, made %v, %v", first, made, err)
	}
	if info, _ := os.Stat(d.Path(credentialsFile)); info.Mode().Perm() != 0o600 {
		t.Errorf("kept with mode %v", info.Mode())
	}
	again, made, err := d.RootCredentials(env())
	if err != nil || made || again != first {
		t.Errorf("second start: %+v, made %v, %v", again, made, err)
	}
	given, made, err := d.RootCredentials(env(EnvAccessKeyID, "test", EnvSecretAccessKey, "test"))
	if err != nil || made || given != (Credentials{"test", "test"}) {
		t.Errorf("from the environment: %+v, made %v, %v", given, made, err)
	}
	if _, _, err := d.RootCredentials(env(EnvAccessKeyID, "test")); err == nil {
		t.Error("half a key was accepted")
	}
	if err := os.WriteFile(d.Path(credentialsFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.RootCredentials(env()); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged file: %v", err)
	}
}

func TestWriteFileReplacesAsAWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	for _, text := range []string{"one", "two"} {
		if err := WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(path); string(got) != text {
			t.Errorf("got %q, want %q", got, text)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}
