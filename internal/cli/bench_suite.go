package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/millrace/millrace/internal/bench/suite"
)

// benchSetup says what is measured, and where.
type benchSetup struct {
	Data   string `placeholder:"DIR" help:"Where temporary data directories are made; on the disk to measure. Default: the system's folder for temporary files."`
	Faults string `name:"faults-binary" placeholder:"FILE" help:"The binary with the tag faults, for what takes hours. Default: millrace-faults beside this one."`
}

// options finds the programs.
func (c *benchSetup) options(e *Env) (o suite.Options, err error) {
	o.Log = e.Stderr
	if o.Binary, err = os.Executable(); err != nil {
		return o, err
	}
	o.Data = c.Data
	if o.Data != "" {
		if o.Data, err = filepath.Abs(o.Data); err != nil {
			return o, err
		}
	}
	beside := filepath.Join(filepath.Dir(o.Binary), "millrace-faults")
	if c.Faults != "" {
		o.Faults, err = filepath.Abs(c.Faults)
	} else if _, missing := os.Stat(beside); missing == nil {
		o.Faults = beside
	}
	return o, err
}

type benchSuiteCmd struct {
	benchSetup
	Duration time.Duration `default:"30s" placeholder:"TIME" help:"Length of each measurement (default ${default})."`
	Warmup   time.Duration `default:"5s" placeholder:"TIME" help:"Load before it (default ${default})."`
	Runs     int           `default:"3" placeholder:"N" help:"Measurements of each, of which the median counts (default ${default})."`
	Quick    bool          `help:"All of it short and small, once: a hint, not a verdict."`
	Only     []string      `placeholder:"GROUP" help:"Only these groups of rows: put-records, put-record, get-records, subscribe, large, sustained, sqs-send-batch, sqs-send, sqs-cycle, sqs-fifo, sqs-large, sqs-parked, stream-queue."`
	Out      string        `default:"test/bench/results" placeholder:"DIR" help:"Where the results are kept; none with an empty name (default ${default})."`
	JSON     bool          `name:"json" help:"The report as JSON instead of a table."`
}

// Run measures; it fails where a row misses its bar.
func (c *benchSuiteCmd) Run(e *Env) error {
	o, err := c.options(e)
	if err != nil {
		return err
	}
	o.Duration, o.Warmup, o.Runs, o.Quick, o.Only = c.Duration, c.Warmup, c.Runs, c.Quick, c.Only
	if c.Quick {
		o.Duration, o.Warmup, o.Runs = 3*time.Second, time.Second, 1
	}
	if o.Runs < 1 || o.Duration < time.Second {
		return &exitError{errors.New("at least one run of at least one second is needed"), exitUsage}
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	rows, failed := suite.Run(ctx, o)
	report := suite.NewReport(o, currentBuild().Version, time.Now(), rows)
	if c.JSON {
		if err := report.JSON(e.Stdout); err != nil {
			return err
		}
	} else {
		report.Print(e.Stdout)
	}
	if failed != nil {
		return failed
	}
	if c.Out != "" && len(c.Only) == 0 {
		name, err := report.Save(c.Out)
		if err != nil {
			return err
		}
		fmt.Fprintf(e.Stderr, "kept in %s.json and .md\n", name)
	}
	var missed []string
	for _, row := range rows {
		if row.Verdict == suite.Missed {
			missed = append(missed, row.What)
		}
	}
	if len(missed) > 0 && !c.Quick {
		return fmt.Errorf("%d rows miss their bar: %s", len(missed), strings.Join(missed, "; "))
	}
	return nil
}

type benchSoakCmd struct {
	benchSetup
	For time.Duration `default:"1h" placeholder:"TIME" help:"How long (default ${default})."`
}

// Run puts load on a server; it fails where the server's memory grows.
func (c *benchSoakCmd) Run(e *Env) error {
	o, err := c.options(e)
	if err != nil {
		return err
	}
	if o.Faults == "" {
		return &exitError{errors.New("the binary with the tag faults is needed (make faults), for retention that is seconds"), exitUsage}
	}
	o.Warmup = 5 * time.Second
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	row, err := suite.Soak(ctx, o, c.For)
	if err != nil {
		return err
	}
	report := suite.NewReport(o, currentBuild().Version, time.Now(), []suite.Row{row})
	report.Print(e.Stdout)
	if row.Verdict != suite.Reached {
		return errors.New("memory grew")
	}
	return nil
}
