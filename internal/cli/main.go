package cli

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"github.com/millrace/millrace/internal/app"
	"github.com/millrace/millrace/internal/app/datadir"
	"github.com/millrace/millrace/internal/base/fault"
)

// Exit statuses.
const (
	exitFailed = 1
	exitUsage  = 2
	exitInUse  = 3
	exitDamage = 4 // doctor found some
)

// Env is the world that a command runs in.
type Env struct {
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	Environ        []string
	// Colour: Stderr is a terminal that shows colours.
	Colour bool
}

// Process returns the world of this process.
func Process() *Env {
	return &Env{
		Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Environ: os.Environ(),
		Colour: term.IsTerminal(int(os.Stderr.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb",
	}
}

// commands are the subcommands.
type commands struct {
	Server serverCmd `cmd:"" help:"Serve. Stops on Ctrl-C."`
	Config configCmd `cmd:"" help:"Look at the configuration."`
	Demo   demoCmd   `cmd:"" help:"Stream lines through a server of its own, and account for each."`

	Produce produceCmd `cmd:"" help:"Send lines to a stream."`
	Tail    tailCmd    `cmd:"" help:"Print what comes into a stream."`
	Consume consumeCmd `cmd:"" help:"Print what comes into a stream, as a registered consumer."`
	Bench   benchCmd   `cmd:"" help:"Put load on an endpoint, and measure."`

	Doctor  doctorCmd  `cmd:"" help:"Examine the data of a server that does not run."`
	Admin   adminCmd   `cmd:"" help:"Certificates, backup, upgrades, queues."`
	Version versionCmd `cmd:"" help:"What this binary is."`
}

// exitError is an error with an exit status of its own.
type exitError struct {
	error
	status int
}

func (e *exitError) Unwrap() error { return e.error }

// exited carries a status out of kong, which ends the process after --help.
type exited int

// Main runs the command line and returns the exit status.
func Main(args []string, e *Env) (status int) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case exited:
			status = int(r)
		default:
			panic(r)
		}
	}()
	if err := fault.Configure(e.Getenv); err != nil {
		return e.fail(&exitError{err, exitUsage})
	}
	c := commands{}
	c.Server.withFlags()
	c.Config.Print.withFlags()
	c.Bench.withOperations()
	parser, err := kong.New(&c,
		kong.Name("millrace"),
		kong.Description("Streams data behind the AWS APIs, on machines that you own."),
		kong.Writers(e.Stdout, e.Stderr),
		kong.Exit(func(status int) { panic(exited(status)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: false}),
		kong.Bind(e),
	)
	if err != nil {
		panic(err) // the declarations of the commands are wrong
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	ctx, err := parser.Parse(args)
	if err != nil {
		where := "millrace"
		var parse *kong.ParseError
		if errors.As(err, &parse) && parse.Context.Command() != "" {
			where = "millrace " + parse.Context.Command()
		}
		return e.fail(&exitError{fmt.Errorf("%w (see %s --help)", err, where), exitUsage})
	}
	if err := ctx.Run(); err != nil {
		return e.fail(err)
	}
	return 0
}

// fail prints the error for a person and returns its exit status.
func (e *Env) fail(err error) int {
	label := "error:"
	if e.Colour {
		label = "\x1b[1;31merror:\x1b[0m"
	}
	fmt.Fprintln(e.Stderr, label, err)

	var exit *exitError
	var address *app.AddressInUseError
	var dir *datadir.InUseError
	switch {
	case errors.As(err, &exit):
		return exit.status
	case errors.As(err, &address), errors.As(err, &dir):
		return exitInUse
	}
	return exitFailed
}
