package conformance

import (
	"testing"

	"github.com/millrace/millrace/internal/testkit/program"
)

func TestMain(m *testing.M) { program.Main(m) }
