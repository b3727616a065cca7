// Package app is the only place that knows everything: it opens what a server
// consists of, in order, wires the parts to each other, and closes them in the
// reverse order.
//
// Order of start: data directory, credentials, certificate, store, services,
// edge, listeners. The listeners come last, so a client that connects is
// answered. What fails ends the start, and what was opened is closed again.
//
// An App is started by one goroutine; Stop, Reload and Failed may be called from
// any.
package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/app/cert"
	"github.com/millrace/millrace/internal/app/config"
	"github.com/millrace/millrace/internal/app/datadir"
	"github.com/millrace/millrace/internal/authn"
	"github.com/millrace/millrace/internal/authz"
	"github.com/millrace/millrace/internal/awsapi"
	"github.com/millrace/millrace/internal/base/clock"
	"github.com/millrace/millrace/internal/base/fault"
	"github.com/millrace/millrace/internal/edge"
	"github.com/millrace/millrace/internal/obs"
	"github.com/millrace/millrace/internal/service/kinesis"
	"github.com/millrace/millrace/internal/service/sqs"
	"github.com/millrace/millrace/internal/store"
)

// Options says what to start.
type Options struct {
	Config *config.Config
	Build  obs.Build
	Getenv func(string) string // where the root credentials may be given
	Logger *slog.Logger
	// Notices is where a person reads what is told only once: the root credentials
	// that were made.
	Notices io.Writer
}

// App is a server that runs.
type App struct {
	config  *config.Config
	logger  *slog.Logger
	clock   clock.Clock
	metrics *obs.Metrics

	dir   *datadir.Dir
	root  datadir.Credentials
	auth  *authn.Authenticator
	cert  *cert.Source
	store store.Store
	edge  *edge.Server

	queues *sqs.Service

	listen, tlsListen net.Listener // tlsListen is nil where TLS is off

	closers []closer
	failed  chan error
}

// closer undoes one step of the start.
type closer struct {
	name  string
	close func(ctx context.Context) error
}

func (a *App) onStop(name string, f func(ctx context.Context) error) {
	a.closers = append(a.closers, closer{name, f})
}

// Start starts a server and returns once it takes requests.
func Start(ctx context.Context, o Options) (*App, error) {
	c := fault.Clock()
	a := &App{config: o.Config, logger: o.Logger, clock: c, metrics: obs.New(o.Build, c), failed: make(chan error, 2)}
	if err := a.start(ctx, o); err != nil {
		_ = a.Stop(ctx)
		return nil, err
	}
	return a, nil
}

func (a *App) start(ctx context.Context, o Options) error {
	made, err := a.openDir(o.Getenv)
	if err != nil {
		return err
	}
	if err := a.openStore(); err != nil {
		return err
	}
	handlers, err := a.startServices(ctx)
	if err != nil {
		return err
	}
	a.edge, err = edge.New(edge.Options{
		Services: awsapi.Services, Handlers: handlers,
		Auth: a.auth, Authorizer: authz.RootOnly{}, Clock: a.clock, Logger: a.logger, Observer: requests{a.metrics.Requests},
		CORSOrigin: a.config.CORSOrigin,
		Memory:     int64(a.config.Memory / 2),
		Version:    o.Build.Version,
		Health:     a.health,
		Explain:    explainToCaller,
		Admin:      a.adminHandler(),
	})
	if err != nil {
		return err
	}
	if err := a.openListeners(); err != nil {
		return err
	}
	if made {
		a.tellCredentials(o.Notices)
	}
	return nil
}

// openDir opens the data directory and what it keeps beside the store. made
// tells that the root credentials are new.
func (a *App) openDir(getenv func(string) string) (made bool, err error) {
	if a.dir, err = datadir.Hold(a.config.Data, a.config.Listen); err != nil {
		return false, err
	}
	a.onStop("data directory", func(context.Context) error { return a.dir.Release() })

	if a.root, made, err = a.dir.RootCredentials(getenv); err != nil {
		return made, err
	}
	accounts := []authn.Account{{ID: config.DefaultAccount, AccessKeyID: a.root.AccessKeyID, SecretAccessKey: a.root.SecretAccessKey}}
	for _, acc := range a.config.Accounts {
		accounts = append(accounts, authn.Account(acc))
	}
	a.auth, err = authn.New(authn.Options{
		Accounts: accounts, Open: a.config.Auth == "open", AnyHost: a.config.Insecure, Clock: a.clock,
	})
	if err != nil || a.config.TLSListen == "off" {
		return made, err
	}
	if a.config.TLSCert != "" {
		a.cert, err = cert.Given(a.config.TLSCert, a.config.TLSKey)
	} else {
		a.cert, err = cert.Made(a.dir.Path(TLSFolder), a.config.TLSSAN, a.clock)
	}
	if err != nil {
		return made, err
	}
	a.onStop("certificate", func(context.Context) error { a.cert.Close(); return nil })
	return made, nil
}

// startServices starts every service that is built and returns its operations.
func (a *App) startServices(ctx context.Context) ([]api.Handler, error) {
	limits := 0.0
	if !a.config.ShardLimits.Off {
		limits = a.config.ShardLimits.Factor
	}
	streams, err := kinesis.New(ctx, kinesis.Options{
		Store: a.store, Clock: a.clock, Logger: a.logger.With("service", "kinesis"), Metrics: a.metrics.Streams,
		TransitionDelay: a.config.TransitionDelay,
		ShardLimits:     limits,
		APILimits:       a.config.APILimits == "aws",
		ShardQuota:      a.config.ShardQuota,
		Hour:            fault.Hour(),
		TrimInterval:    min(trimInterval, fault.Hour()),
	})
	if err != nil {
		return nil, err
	}
	a.onStop("kinesis", func(context.Context) error { return streams.Close() })
	a.metrics.Streams.WatchQueues(func(yield func(obs.StreamQueueDepth)) {
		streams.QueueDepths(func(d kinesis.QueueDepth) { yield(obs.StreamQueueDepth(d)) })
	})
	a.queues, err = sqs.New(ctx, sqs.Options{
		Store: a.store, Clock: a.clock, Logger: a.logger.With("service", "sqs"), Metrics: a.metrics.Queues,
		Cooldown: a.config.QueueCooldown,
		InFlight: int64(a.config.QueueInFlight),
	})
	if err != nil {
		return nil, err
	}
	a.onStop("sqs", func(context.Context) error { return a.queues.Close() })
	a.metrics.Queues.Watch(func(yield func(obs.Depth)) {
		a.queues.Depths(func(d sqs.Depth) { yield(obs.Depth(d)) })
	})
	return append(streams.Handlers(), a.queues.Handlers()...), nil
}

// openListeners opens the listeners and serves them until the edge shuts down.
func (a *App) openListeners() (err error) {
	if a.listen, err = listen(a.config.Listen, "listen"); err != nil {
		return err
	}
	if a.cert != nil {
		if a.tlsListen, err = listen(a.config.TLSListen, "tls-listen"); err != nil {
			return errors.Join(err, a.listen.Close())
		}
	}
	if err := a.dir.Announce(a.listen.Addr().String()); err != nil {
		return err
	}
	a.onStop("requests", a.edge.Shutdown)
	a.serve(func() error { return a.edge.Serve(a.listen) })
	if a.cert != nil {
		tlsConfig := &tls.Config{GetCertificate: a.cert.GetCertificate, NextProtos: []string{"h2", "http/1.1"}, MinVersion: tls.VersionTLS12}
		a.serve(func() error { return a.edge.ServeTLS(a.tlsListen, func() *tls.Config { return tlsConfig }) })
	}
	return nil
}

func (a *App) serve(f func() error) {
	go func() {
		if err := f(); err != nil {
			a.failed <- err
		}
	}()
}

// Failed receives an error when the server can serve no more.
func (a *App) Failed() <-chan error { return a.failed }

// Addr and TLSAddr are where the server listens; TLSAddr is "" where TLS is off.
func (a *App) Addr() string { return a.listen.Addr().String() }

// TLSAddr is where the server listens with TLS, "" where that is off.
func (a *App) TLSAddr() string {
	if a.tlsListen == nil {
		return ""
	}
	return a.tlsListen.Addr().String()
}

// Root returns the default account's root key.
func (a *App) Root() datadir.Credentials { return a.root }

// Reload reads a given certificate again.
func (a *App) Reload() error {
	if a.cert == nil {
		return nil
	}
	return a.cert.Reload()
}

// Stop takes no more requests, finishes those under way for as long as ctx
// allows, and closes everything. What was acknowledged is durable even where it
// returns an error.
func (a *App) Stop(ctx context.Context) error {
	var errs []error
	for _, c := range slices.Backward(a.closers) {
		if err := c.close(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", c.name, err))
		}
	}
	a.closers = nil
	return errors.Join(errs...)
}

// health joins what is wrong with the store now.
func (a *App) health() error {
	var errs []error
	for _, p := range a.store.Health() {
		errs = append(errs, fmt.Errorf("%s: %s", p.Code, p.Message))
	}
	return errors.Join(errs...)
}
