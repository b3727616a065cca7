package crash

import (
	"flag"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/testkit/program"
)

var (
	crashFor  = flag.Duration("crash.for", time.Minute, "how long TestKill goes on")
	crashSeed = flag.Uint64("crash.seed", uint64(time.Now().UnixNano()), "seed of the random choices; by default one from the clock")
)

func TestMain(m *testing.M) { program.Main(m) }
