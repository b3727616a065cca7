package crash

import (
	"flag"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/testkit/program"
)

var (
	crashFor        = flag.Duration("crash.for", time.Minute, "how long TestKill goes on")
	queuesFor       = flag.Duration("crash.queues", 30*time.Second, "how long TestKillQueues goes on")
	streamQueuesFor = flag.Duration("crash.streamqueues", 15*time.Second, "how long TestKillStreamQueues goes on")
	crashSeed       = flag.Uint64("crash.seed", uint64(time.Now().UnixNano()), "seed of the random choices; by default one from the clock")
)

func TestMain(m *testing.M) {
	// Most of what runs in parallel waits for time to pass.
	if err := flag.Set("test.parallel", "4"); err != nil {
		panic(err)
	}
	program.Main(m)
}
