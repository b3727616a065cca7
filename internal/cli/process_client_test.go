package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
)

// clientEnv is the environment of a user of a server.
func clientEnv(endpoint string) []string {
	return []string{"AWS_ACCESS_KEY_ID=root", "AWS_SECRET_ACCESS_KEY=secret", "AWS_ENDPOINT_URL=" + endpoint, "AWS_EC2_METADATA_DISABLED=true"}
}

// startWithStream starts a server that has a stream of two shards.
func startWithStream(t *testing.T, name string) (*server, *kinesis.Client) {
	t.Helper()
	s := start(t, []string{"MILLRACE_ROOT_ACCESS_KEY_ID=root", "MILLRACE_ROOT_SECRET_ACCESS_KEY=secret"}, dataDir(t), "--shard-limits=off", "--transition-delay=1ms")
	c := kinesis.New(kinesis.Options{Region: "us-east-1", BaseEndpoint: &s.http, Credentials: credentials.NewStaticCredentialsProvider("root", "secret", "")})
	if _, err := c.CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: &name, ShardCount: aws.Int32(2)}); err != nil {
		t.Fatal(err)
	}
	active(t, c, name)
	return s, c
}

func active(t *testing.T, c *kinesis.Client, name string) {
	t.Helper()
	if err := kinesis.NewStreamExistsWaiter(c, func(o *kinesis.StreamExistsWaiterOptions) { o.MinDelay = 5 * time.Millisecond }).Wait(t.Context(), &kinesis.DescribeStreamInput{StreamName: &name}, 10*time.Second); err != nil {
		t.Fatal(err)
	}
}

func sortedLines(text string) []string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	slices.Sort(lines)
	return lines
}

func TestProduceTailConsume(t *testing.T) {
	s, c := startWithStream(t, "orders")
	env := clientEnv(s.http)
	dir := t.TempDir()
	write := func(from, to int) (path string, lines []string) {
		path = filepath.Join(dir, fmt.Sprint("lines", from))
		for i := from; i < to; i++ {
			lines = append(lines, fmt.Sprintf("user%02d order %d", i%37, i))
		}
		if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
		return path, lines
	}
	produce := func(path string, n int) {
		status, stdout, stderr := run(t, env, "produce", "orders", "--file", path, "--json")
		if status != 0 || !strings.Contains(stdout, fmt.Sprintf(`"lines":%d,"stored":%d,`, n, n)) || stderr != "" {
			t.Fatalf("produce: exit status %d, %s%s", status, stdout, stderr)
		}
	}
	first, all := write(0, 3000)
	produce(first, 3000)
	if _, err := c.SplitShard(t.Context(), &kinesis.SplitShardInput{StreamName: aws.String("orders"), ShardToSplit: aws.String("shardId-000000000001"), NewStartingHashKey: aws.String("255211775190703847597530955573826158592")}); err != nil {
		t.Fatal(err)
	}
	active(t, c, "orders")
	second, more := write(3000, 5000)
	produce(second, 2000)
	all = append(all, more...)
	slices.Sort(all)

	// Both ways of reading bring everything, those of a user in order.
	place := "--checkpoint=" + filepath.Join(dir, "place.json")
	status, part1, stderr := run(t, env, "consume", "orders", "--consumer=c1", "--from-beginning", "--max=1234", place)
	if status != 0 || strings.Count(part1, "\n") != 1234 {
		t.Fatalf("consume: exit status %d, %d lines, %s", status, strings.Count(part1, "\n"), stderr)
	}
	status, part2, stderr := run(t, env, "consume", "orders", "--consumer=c1", "--max=3766", place, "--deregister")
	if status != 0 {
		t.Fatalf("consume: exit status %d, %s", status, stderr)
	}
	status, tailed, stderr := run(t, env, "tail", "orders", "--since=1h", "--max=5000")
	if status != 0 {
		t.Fatalf("tail: exit status %d, %s", status, stderr)
	}
	for name, text := range map[string]string{"consume": part1 + part2, "tail": tailed} {
		if got := sortedLines(text); !slices.Equal(got, all) {
			t.Errorf("%s: %d lines, not the %d that were sent", name, len(got), len(all))
		}
		last := map[string]int{}
		for line := range strings.Lines(text) {
			var user string
			var n int
			if _, err := fmt.Sscanf(line, "%s order %d", &user, &n); err != nil || last[user] > n {
				t.Fatalf("%s: %q after %d: %v", name, line, last[user], err)
			}
			last[user] = n
		}
	}
	if status, out, _ := run(t, env, "tail", "orders", "--from-beginning", "--max=1", "--json"); status != 0 || !strings.HasPrefix(out, `{"shardId":"shardId-0000`) {
		t.Errorf("tail --json: exit status %d, %s", status, out)
	}
	if status, out, _ := run(t, env, "tail", "orders", "--for=100ms"); status != 0 || out != "" {
		t.Errorf("tail of what comes from now on: exit status %d, %q", status, out)
	}
}

func TestClientErrorsSayWhatToDo(t *testing.T) {
	s, _ := startWithStream(t, "orders")
	good := clientEnv(s.http)
	with := func(name, value string) []string { return append(slices.Clone(good), name+"="+value) }
	for _, c := range []struct {
		env    []string
		args   []string
		status int
		want   string
	}{
		{good, []string{"tail", "ordres"}, exitFailed, "did you mean orders?"},
		{good, []string{"produce", "zzz", "--file=main.go"}, exitFailed, "there are orders"},
		{good, []string{"tail", "orders", "--endpoint=http://127.0.0.1:1"}, exitFailed, "no server answers at http://127.0.0.1:1; start one with: millrace server"},
		{with("AWS_ACCESS_KEY_ID", "stranger"), []string{"tail", "orders"}, exitFailed, "does not know this access key"},
		{with("AWS_SECRET_ACCESS_KEY", "wrong"), []string{"consume", "orders", "--consumer=c"}, exitFailed, "is AWS_SECRET_ACCESS_KEY the one of this access key?"},
		{[]string{"AWS_ENDPOINT_URL=" + s.http, "AWS_EC2_METADATA_DISABLED=true"}, []string{"tail", "orders"}, exitUsage, "export AWS_ACCESS_KEY_ID="},
		{[]string{"AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b"}, []string{"tail", "orders"}, exitUsage, "--endpoint"},
		{good, []string{"produce", "orders", "--key=0"}, exitUsage, "--key"},
		{good, []string{"produce", "orders", "--file=/nonexistent"}, exitUsage, "/nonexistent"},
		{good, []string{"tail", "orders", "--since=1m", "--from-beginning"}, exitUsage, "--since"},
		{good, []string{"consume", "orders"}, exitUsage, "--consumer"},
	} {
		status, _, stderr := run(t, c.env, c.args...)
		if status != c.status || !strings.Contains(stderr, c.want) {
			t.Errorf("%v: exit status %d, %s", c.args, status, stderr)
		}
	}
}
