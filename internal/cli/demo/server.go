package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"

	"github.com/millrace/millrace/internal/app"
	"github.com/millrace/millrace/internal/app/config"
	"github.com/millrace/millrace/internal/app/datadir"
	"github.com/millrace/millrace/internal/obs"
)

// region is where the demo's stream is.
const region = "us-east-1"

// server is a server on embedded defaults, but for its address and the limits of
// shards, which would hold a million lines up for minutes.
type server struct {
	app  *app.App
	data string
	temp bool // data is removed after
	out  string
	log  *os.File
	key  aws.Credentials
	// given: the key is the user's own and not to be shown.
	given bool
}

func startServer(ctx context.Context, o Options) (*server, error) {
	s := &server{data: o.Data, out: o.Out, temp: o.Data == "", given: o.Getenv(datadir.EnvAccessKeyID) != ""}
	if s.temp || s.out == "" {
		dir, err := os.MkdirTemp("", "millrace-demo-")
		if err != nil {
			return nil, err
		}
		if s.temp {
			s.data = filepath.Join(dir, "data")
		}
		if s.out == "" {
			s.out = filepath.Join(dir, "out")
		}
	}
	if err := s.start(ctx, o); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

func (s *server) start(ctx context.Context, o Options) error {
	if err := os.MkdirAll(s.out, 0o755); err != nil {
		return err
	}
	var err error
	if s.log, err = os.Create(filepath.Join(s.out, "server.txt")); err != nil {
		return err
	}
	c, _, err := config.Load(config.Sources{Flags: map[string]string{
		"data": s.data, "listen": o.Listen, "tls-listen": "off", "shard-limits": "off",
	}})
	if err != nil {
		return err
	}
	if s.app, err = app.Start(ctx, app.Options{
		Config: c, Getenv: o.Getenv, Logger: obs.NewLogger(s.log, c.LogFormat), Notices: io.Discard, Build: o.Build,
	}); err != nil {
		return fmt.Errorf("start the demo's server: %w", err)
	}
	root := s.app.Root()
	s.key = aws.Credentials{AccessKeyID: root.AccessKeyID, SecretAccessKey: root.SecretAccessKey}
	return nil
}

func (s *server) endpoint() string { return "http://" + s.app.Addr() }

// client returns a client as a user's program would make it.
func (s *server) client() *kinesis.Client {
	return kinesis.New(kinesis.Options{
		Region: region, BaseEndpoint: aws.String(s.endpoint()),
		Credentials: credentials.NewStaticCredentialsProvider(s.key.AccessKeyID, s.key.SecretAccessKey, ""),
	})
}

// stop stops the server, and removes what is not to stay.
func (s *server) stop() error {
	var errs []error
	if s.app != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := s.app.Stop(ctx); ctx.Err() == nil { // connections that were cut are no failure
			errs = append(errs, err)
		}
	}
	if s.log != nil {
		errs = append(errs, s.log.Close())
	}
	if s.temp {
		errs = append(errs, os.RemoveAll(s.data))
	}
	return errors.Join(errs...)
}
