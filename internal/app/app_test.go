package app

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/app/config"
	"github.com/millrace/millrace/internal/app/datadir"
	"github.com/millrace/millrace/internal/authn"
	"github.com/millrace/millrace/internal/base/clock"
	"github.com/millrace/millrace/internal/obs"
	"github.com/millrace/millrace/internal/store"
)

// troubled is an engine with problems. Only what a test calls is there.
type troubled struct {
	store.Store
	problems []store.Problem
	backup   error
	copied   string
}

func (e *troubled) Health() []store.Problem { return e.problems }

func (e *troubled) Backup(_ context.Context, dir string) error {
	e.copied = dir
	return e.backup
}

func appOn(t *testing.T, e store.Store) *App {
	t.Helper()
	root := datadir.Credentials{AccessKeyID: "root", SecretAccessKey: "secret"}
	auth, err := authn.New(authn.Options{
		Accounts: []authn.Account{
			{ID: config.DefaultAccount, AccessKeyID: root.AccessKeyID, SecretAccessKey: root.SecretAccessKey},
			{ID: "111122223333", AccessKeyID: "other", SecretAccessKey: "secret"},
		},
		Clock: clock.Real,
	})
	if err != nil {
		t.Fatal(err)
	}
	return &App{config: &config.Config{}, logger: slog.New(slog.DiscardHandler), store: e, auth: auth, root: root, metrics: obs.New(obs.Build{}, clock.Real)}
}

func TestHealthTellsOfEveryProblem(t *testing.T) {
	e := &troubled{}
	a := appOn(t, e)
	if err := a.health(); err != nil {
		t.Errorf("no problem, but %v", err)
	}
	e.problems = []store.Problem{
		{Code: "disk-low", Message: "0.5 GiB free", Fatal: true},
		{Code: "clock-jump", Message: "trimming pauses"},
	}
	err := a.health()
	for _, want := range []string{"disk-low: 0.5 GiB free", "clock-jump: trimming pauses"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("health is %v, want %q", err, want)
		}
	}
}

func TestBackupIsTheRootsOfTheDefaultAccount(t *testing.T) {
	e := &troubled{}
	h := appOn(t, e).adminHandler()
	dir := filepath.Join(t.TempDir(), "copy")
	backup := "/_millrace/backup?dir=" + dir
	ask := func(path, user, password string) (int, string) {
		r := httptest.NewRequest(http.MethodPost, path, nil)
		if user != "" {
			r.SetBasicAuth(user, password)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	for _, c := range [][2]string{{"", ""}, {"root", "wrong"}, {"other", "secret"}} {
		if status, _ := ask(backup, c[0], c[1]); status != http.StatusUnauthorized || e.copied != "" {
			t.Errorf("%v: status %d, copied to %q", c, status, e.copied)
		}
	}
	if status, _ := ask(backup, "root", "secret"); status != http.StatusOK || e.copied != dir {
		t.Errorf("status %d, copied to %q", status, e.copied)
	}
	if status, _ := ask("/_millrace/clock/accept", "root", "secret"); status != http.StatusNotImplemented {
		t.Errorf("an engine that does not watch the clock: status %d", status)
	}
	e.backup = errors.Join(errors.New("copy"), store.ErrNoSpace)
	if status, body := ask(backup, "root", "secret"); status != http.StatusInternalServerError || !strings.Contains(body, "--min-free") {
		t.Errorf("a full disk: status %d, %s", status, body)
	}
}
