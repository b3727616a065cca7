package policy_test

import (
	"strings"
	"testing"
)

// An edge is one import of a file that is no test: from a folder of this module
// to another one, or to a package elsewhere.
type edge struct {
	from string // folder: "internal/edge"
	to   string // folder of this module, or import path
	ours bool   // to is of this module
}

// rules are the import lattice, as what is forbidden.
var rules = []struct {
	why     string
	forbids func(e edge) bool
}{
	{"services stay apart: what one needs of another is a port that app wires", func(e edge) bool {
		return service(e.from) != "" && service(e.to) != "" && service(e.from) != service(e.to)
	}},
	{"a service sees shapes and principals, never HTTP or bytes on the wire", func(e edge) bool {
		return under(e.from, "internal/service") && (e.to == "net/http" || e.ours && under(e.to, "internal/edge", "internal/wire", "internal/authn"))
	}},
	{"app knows everything, so nothing but the command line may know app", func(e edge) bool {
		return e.ours && under(e.to, "internal/app") && !under(e.from, "internal/app", "internal/cli")
	}},
	{"main only calls the command line", func(e edge) bool {
		return e.from == "cmd/millrace" && e.ours && e.to != "internal/cli"
	}},
	{"nothing stands above the command line but main", func(e edge) bool {
		return e.ours && under(e.to, "internal/cli") && !under(e.from, "internal/cli", "cmd/millrace")
	}},
	{"codecs know no service: all they know of one is its table", func(e edge) bool {
		return under(e.from, "internal/wire") && e.ours && !under(e.to, "internal/wire", "internal/api", "internal/base")
	}},
	{"base is what all may build on: the standard library and itself", func(e edge) bool {
		return under(e.from, "internal/base") && (e.ours && !under(e.to, "internal/base") || !e.ours && !standard(e.to))
	}},
	{"api is the vocabulary between the layers: it knows none of them", func(e edge) bool {
		return under(e.from, "internal/api") && e.ours && !under(e.to, "internal/api", "internal/base")
	}},
	{"generated shapes know the runtime of shapes and nothing else", func(e edge) bool {
		return under(e.from, "internal/awsapi") && e.ours && !under(e.to, "internal/api", "internal/awsapi", "internal/base")
	}},
	{"pure libraries do no input or output", func(e edge) bool {
		return under(e.from, "internal/inflight", "internal/mqtt", "internal/rulesql", "internal/expr", "internal/format", "internal/policy") &&
			(e.to == "os" || e.to == "net" || e.to == "net/http" || e.ours && !under(e.to, "internal/base", e.from[:strings.LastIndex(e.from, "/")]))
	}},
	{"storage is below the services: it knows none of them, nor the network", func(e edge) bool {
		return under(e.from, "internal/store") && (e.to == "net/http" || e.ours && !under(e.to, "internal/store", "internal/base"))
	}},
	{"a service never sees an engine: only app opens one, and the command line repairs one", func(e edge) bool {
		return e.ours && under(e.to, "internal/store/pebblestore", "internal/store/memstore") &&
			!under(e.from, "internal/store", "internal/app", "internal/cli")
	}},
	{"Pebble is one engine's own business, but for the file system that it injects", func(e edge) bool {
		vfs := e.to == "github.com/cockroachdb/pebble/v2/vfs" && under(e.from, "internal/store", "internal/testkit")
		return strings.HasPrefix(e.to, "github.com/cockroachdb/") && !under(e.from, "internal/store/pebblestore") && !vfs
	}},
	{"the AWS SDK's shapes are a client's: they stay in what speaks to the outside", func(e edge) bool {
		return strings.HasPrefix(e.to, "github.com/aws/") && !under(e.from, "internal/remote", "client", "internal/cli", "test")
	}},
	{"the public library is built on the SDK alone, as a user's own would be", func(e edge) bool {
		return under(e.from, "client") && e.ours && !under(e.to, "client")
	}},
	{"the flag parser is the command line's own business", func(e edge) bool {
		return strings.HasPrefix(e.to, "github.com/alecthomas/kong") && !under(e.from, "internal/cli")
	}},
	{"services declare the few counters they need; obs adapts them to Prometheus", func(e edge) bool {
		return strings.HasPrefix(e.to, "github.com/prometheus/") && !under(e.from, "internal/obs")
	}},
	{"a server never runs itself as a child: what measures or tests one from outside does", func(e edge) bool {
		return e.ours && e.to == "internal/child" && !under(e.from, "internal/bench", "internal/cli", "internal/testkit", "test")
	}},
	{"test helpers stay out of the binary", func(e edge) bool {
		helper := e.to == "testing" || strings.HasPrefix(e.to, "testing/") || e.ours && under(e.to, "internal/testkit", "internal/store/storetest")
		return helper && !under(e.from, "internal/testkit", "internal/store/storetest", "test") && !strings.HasSuffix(e.from, "test")
	}},
}

func TestImportLattice(t *testing.T) {
	for _, f := range sources(t) {
		if f.test {
			continue
		}
		for _, name := range f.imports {
			e := edgeOf(f.pkg, name)
			for _, r := range rules {
				if r.forbids(e) {
					t.Errorf("%s imports %s\n\t%s", f.path, e.to, r.why)
				}
			}
		}
	}
}

// TestRulesForbid shows each rule an edge that it is there for, so that a rule
// that can no longer fail is noticed.
func TestRulesForbid(t *testing.T) {
	wrong := []edge{
		edgeOf("internal/service/sqs", module+"/internal/service/kinesis"),
		edgeOf("internal/service/sqs", "net/http"),
		edgeOf("internal/edge", module+"/internal/app"),
		edgeOf("cmd/millrace", module+"/internal/app"),
		edgeOf("internal/app", module+"/internal/cli"),
		edgeOf("internal/wire/awsjson", module+"/internal/awsapi/kinesis"),
		edgeOf("internal/base/arn", "golang.org/x/sys/unix"),
		edgeOf("internal/api", module+"/internal/wire"),
		edgeOf("internal/awsapi/kinesis", module+"/internal/service/kinesis"),
		edgeOf("internal/mqtt/packet", "net"),
		edgeOf("internal/store/pebblestore", module+"/internal/api"),
		edgeOf("internal/service/kinesis", module+"/internal/store/memstore"),
		edgeOf("internal/store", "github.com/cockroachdb/pebble/v2"),
		edgeOf("internal/edge", "github.com/aws/aws-sdk-go-v2/aws"),
		edgeOf("client/producer", module+"/internal/base/clock"),
		edgeOf("internal/app", "github.com/alecthomas/kong"),
		edgeOf("internal/edge", "github.com/prometheus/client_golang/prometheus"),
		edgeOf("internal/app", module+"/internal/child"),
		edgeOf("internal/edge", "testing"),
	}
	if len(wrong) != len(rules) {
		t.Fatalf("%d rules and %d examples", len(rules), len(wrong))
	}
	for i, r := range rules {
		if !r.forbids(wrong[i]) {
			t.Errorf("%v is allowed by the rule that should forbid it: %s", wrong[i], r.why)
		}
	}
}

func edgeOf(from, name string) edge {
	if rest, ours := strings.CutPrefix(name, module+"/"); ours {
		return edge{from: from, to: rest, ours: true}
	}
	return edge{from: from, to: name}
}

// service returns the service that the folder belongs to, or "".
func service(pkg string) string {
	rest, ok := strings.CutPrefix(pkg, "internal/service/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// standard reports whether the import path is of the standard library: its
// first element has no dot.
func standard(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return !strings.Contains(first, ".")
}
