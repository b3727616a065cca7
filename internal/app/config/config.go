// Package config is how a server is set: the settings with their defaults, and
// where each value comes from. A value is taken from the first of: flag,
// MILLRACE_* variable, YAML file, default.
//
// Invariant: a Config that Load returned is valid. It is not changed after, so
// it may be read from anywhere.
package config

import (
	"time"

	"github.com/millrace/millrace/internal/base/units"
)

// Config is everything that a server can be told. The tags are read by Load, by
// `config print` and by the command line: name is the flag and the YAML key,
// and with MILLRACE_ in front the variable; def is the default.
type Config struct {
	Data      string `name:"data" def:"./millrace-data" placeholder:"DIR" help:"Directory of all data; made when it is not there."`
	Listen    string `name:"listen" def:"127.0.0.1:4566" placeholder:"HOST:PORT" help:"Address of every service, HTTP/1.1 and HTTP/2 without TLS."`
	TLSListen string `name:"tls-listen" def:"127.0.0.1:4567" placeholder:"HOST:PORT" help:"The same with TLS; off for none."`

	Auth     string    `name:"auth" def:"enforce" enum:"enforce,open" help:"enforce: every request is signed by a known key. open: any key is taken, from this machine only."`
	Insecure bool      `name:"insecure" def:"false" help:"Allow --auth=open on an address that others can reach."`
	Accounts []Account `name:"accounts"` // YAML only

	Fsync   string      `name:"fsync" def:"always" enum:"always,interval" help:"always: what is acknowledged is on disk. interval: it is within 100 ms, and a second on a slow disk; a crash of the machine may lose that much."`
	MinFree MinFree     `name:"min-free" def:"auto" placeholder:"SIZE" help:"Writes are refused when the disk has less free; auto is the larger of 1GiB and 2 %."`
	Memory  units.Bytes `name:"memory" def:"256MiB" placeholder:"SIZE" help:"Bound of requests in flight, responses, caches and memtables together."`

	MasterKeyFile string `name:"master-key-file" def:"" placeholder:"FILE" help:"32 bytes, raw or in hex or base64, that wrap all data keys; made in the data directory when not given."`

	ShardLimits     ShardLimits   `name:"shard-limits" def:"aws" placeholder:"aws|off|xN" help:"Capacity of a Kinesis shard: as in AWS, unlimited, or N times AWS's."`
	APILimits       string        `name:"api-limits" def:"off" enum:"off,aws" help:"aws: requests per second and day of control operations are limited as in AWS."`
	ShardQuota      int           `name:"shard-quota" def:"20000" placeholder:"N" help:"Shards per account and region; 0 for no limit."`
	TransitionDelay time.Duration `name:"transition-delay" def:"500ms" placeholder:"TIME" help:"How long CREATING, UPDATING and DELETING last."`
	QueueCooldown   time.Duration `name:"queue-cooldown" def:"60s" placeholder:"TIME" help:"How long the name of a deleted SQS queue is kept, and a purged queue is not purged again; 0s for neither rule."`
	QueueInFlight   int           `name:"queue-in-flight" def:"120000" placeholder:"N" help:"Messages in flight of an SQS queue."`

	TLSCert    string   `name:"tls-cert" def:"" placeholder:"FILE" help:"Certificate chain to present, PEM; read again on SIGHUP. Made at first start when not given."`
	TLSKey     string   `name:"tls-key" def:"" placeholder:"FILE" help:"Its private key, PEM."`
	TLSSAN     []string `name:"tls-san" def:"" placeholder:"NAME" help:"Further names or addresses for the certificate that is made; separate by commas."`
	CORSOrigin string   `name:"cors-origin" def:"" placeholder:"ORIGIN" help:"Origin of web pages that may call, such as https://app.example.com; none by default."`

	LogFormat string `name:"log-format" def:"text" enum:"text,json" help:"Form of the log."`
	Pprof     bool   `name:"pprof" def:"false" help:"Serve profiles at /_millrace/pprof/."`
}

// Account is a further account with its root's key. The account of the default
// root key is 000000000000.
type Account struct {
	ID              string // 12 digits
	AccessKeyID     string
	SecretAccessKey string
}

// Setting is one value in effect, for people to look at.
type Setting struct {
	Name   string
	Value  string
	Origin string // "flag --data", "MILLRACE_DATA", "millrace.yaml:3", "default"
}

// EnvPrefix begins the name of every variable.
const EnvPrefix = "MILLRACE_"
