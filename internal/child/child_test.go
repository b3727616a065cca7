package child

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain is the child where a test started this binary as one.
func TestMain(m *testing.M) {
	switch os.Getenv("CHILD") {
	case "":
		os.Exit(m.Run())
	case "server":
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, syscall.SIGTERM)
		fmt.Println("It serves http://127.0.0.1:1 and https://127.0.0.1:2, data in x.")
		<-stop
		fmt.Fprintln(os.Stderr, "stopping")
		os.Exit(7)
	case "plain":
		fmt.Println("The probe serves http://127.0.0.1:3")
	case "loud":
		fmt.Println(strings.Repeat("x", 3*maxText) + " the end")
	case "deaf":
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("It serves http://127.0.0.1:1")
		<-time.After(time.Minute)
	}
}

func start(t *testing.T, as string) *Process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p, err := Start(Options{Binary: self, Dir: t.TempDir(), Env: []string{"CHILD=" + as}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

func TestAddressesAndStop(t *testing.T) {
	p := start(t, "server")
	if err := p.Serving(t.Context()); err != nil || p.HTTP() != "http://127.0.0.1:1" || p.TLS() != "https://127.0.0.1:2" || !p.Alive() {
		t.Fatalf("%q, %q, %v", p.HTTP(), p.TLS(), err)
	}
	if status, err := p.Stop(20 * time.Second); status != 7 || err != nil || p.Killed() || p.Alive() {
		t.Errorf("status %d, %v", status, err)
	}
	if !p.Says(t.Context(), "stopping") || p.Says(t.Context(), "no such thing") {
		t.Errorf("it said %q", p.Text())
	}
}

func TestAnEndIsNoticed(t *testing.T) {
	p := start(t, "plain")
	if err := p.Serving(t.Context()); err != nil || p.HTTP() != "http://127.0.0.1:3" || p.TLS() != "" {
		t.Errorf("one that served and ended: %q, %v", p.HTTP(), err)
	}
	if p.Ended() != "exit status 0" {
		t.Error(p.Ended())
	}
	p = start(t, "loud")
	if err := p.Serving(t.Context()); err == nil || !strings.Contains(err.Error(), "ended before it served") || !strings.Contains(err.Error(), " the end") {
		t.Errorf("one that does not serve: %.200v", err)
	}
	if n := len(p.Text()); n > maxText || !strings.HasSuffix(p.Text(), " the end\n") {
		t.Errorf("%d bytes are kept", n)
	}
	if _, err := Start(Options{Binary: t.TempDir() + "/none"}); err == nil {
		t.Error("what is not there was started")
	}
}

func TestKill(t *testing.T) {
	p := start(t, "deaf")
	if err := p.Serving(t.Context()); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if p.Says(ended, "no such thing") {
		t.Error("it said what it did not")
	}
	if status, err := p.Stop(time.Millisecond); status != -1 || err == nil || !p.Killed() {
		t.Errorf("status %d, %v", status, err)
	}
	if err := p.Serving(ended); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
