package cli

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/millrace/millrace/internal/app"
	"github.com/millrace/millrace/internal/app/config"
	"github.com/millrace/millrace/internal/obs"
)

type serverCmd struct{ settings }

// stopTimeout is how long requests under way may take once the server was told to
// stop, and hardStop when the process ends whatever is still open: 10 s are promised.
const (
	stopTimeout = 6 * time.Second
	hardStop    = 9500 * time.Millisecond
)

// Run serves until a signal.
func (c *serverCmd) Run(e *Env) error {
	cfg, _, err := c.load(e)
	if err != nil {
		return err
	}
	// Before the start, so that a signal during it is not lost.
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)

	logger := obs.NewLogger(e.Stderr, cfg.LogFormat)
	build := currentBuild()
	a, err := app.Start(context.Background(), app.Options{
		Config: cfg, Getenv: e.Getenv, Logger: logger, Notices: e.Stdout,
		Build: obs.Build{Version: build.Version, Revision: build.Revision, GoVersion: build.Go},
	})
	if err != nil {
		return err
	}
	e.banner(cfg, a, build)

	for {
		select {
		case err := <-a.Failed():
			logger.Error("ENV: the server cannot serve any more and stops", "error", err)
			return stop(a, logger, signals, err)
		case s := <-signals:
			if s == syscall.SIGHUP {
				if err := a.Reload(); err != nil {
					logger.Warn("the certificate was not read again; the one before stays", "error", err)
				} else {
					logger.Info("the certificate was read again")
				}
				continue
			}
			logger.Info("stopping; a second signal ends at once", "signal", s.String())
			return stop(a, logger, signals, nil)
		}
	}
}

// stop stops the server within the promised time; why is what it returns then.
func stop(a *app.App, logger *slog.Logger, signals <-chan os.Signal, why error) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- a.Stop(ctx) }()
	late := time.NewTimer(hardStop)
	defer late.Stop()
	for {
		select {
		case err := <-done:
			if ctx.Err() != nil {
				err = nil // connections that were cut are no failure
			}
			if why != nil {
				return why
			}
			return err
		case s := <-signals:
			if s == syscall.SIGHUP {
				continue
			}
			return &exitError{fmt.Errorf("ended at once by a second signal; what was acknowledged is on disk"), exitFailed}
		case <-late.C:
			// The engine may be busy for longer than a stop may take. What was
			// acknowledged does not need it to end.
			logger.Warn("something was still under way when the time to stop was over; what was acknowledged is on disk")
			return why
		}
	}
}

// banner tells a person where the server is. Its last line says that it serves.
func (e *Env) banner(cfg *config.Config, a *app.App, b build) {
	if cfg.Auth == "open" {
		fmt.Fprintln(e.Stdout, "Signatures are not verified (--auth=open): anyone who reaches it may do anything.")
	}
	if cfg.Fsync == "interval" {
		fmt.Fprintln(e.Stdout, "Acknowledged before it is on disk (--fsync=interval): a crash of the machine may lose the last 100 ms, on a slow disk a second.")
	}
	at := "http://" + a.Addr()
	if tls := a.TLSAddr(); tls != "" {
		at += " and https://" + tls
	}
	// In one write, so that no line of the log comes in between.
	fmt.Fprintf(e.Stdout, "Millrace %s serves %s, data in %s. Ctrl-C stops it.\n", b.Version, at, cfg.Data)
}
