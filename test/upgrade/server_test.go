package upgrade

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"

	"github.com/millrace/millrace/internal/child"
	"github.com/millrace/millrace/internal/testkit/program"
	"github.com/millrace/millrace/test/sdk"
)

// The root key of every server here.
const (
	accessKey = "AKIAIOSFODNN7EXAMPLE"
	secretKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

func TestMain(m *testing.M) { program.Main(m) }

func environment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "MILLRACE_ROOT_ACCESS_KEY_ID=" + accessKey, "MILLRACE_ROOT_SECRET_ACCESS_KEY=" + secretKey}
}

// start starts a server on a data directory. That is named from the folder that
// holds it, so that no path of this machine gets into a file.
func start(t *testing.T, data string) *child.Process {
	t.Helper()
	p, err := child.Start(child.Options{
		Binary: program.Released(t), Dir: filepath.Dir(data), Env: environment(),
		Args: []string{"server", "--data=" + filepath.Base(data), "--listen=127.0.0.1:0", "--tls-listen=off", "--min-free=0", "--shard-limits=off", "--transition-delay=1ms"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Logf("the server said:\n%s", p.Text())
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := p.Serving(ctx); err != nil {
		t.Fatal(err)
	}
	return p
}

func client(p *child.Process, region string) *kinesis.Client {
	return sdk.Kinesis(p.HTTP(), region, accessKey, secretKey)
}

// command runs an offline command on a data directory, which must succeed, and
// returns what it says.
func command(t *testing.T, data string, words ...string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), program.Released(t), append(words, "--data="+data)...)
	c.Env = environment()
	out, err := c.CombinedOutput()
	if err != nil {
		t.Errorf("%v: %v\n%s", words, err, out)
	}
	return string(out)
}
