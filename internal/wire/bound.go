package wire

import (
	"math"

	"github.com/millrace/millrace/internal/api"
)

// MaxEntries returns how many entries of a list or map are worth keeping: one
// more than its constraint allows, so that the constraint is seen to fail. That
// bounds what a small message can make of memory; codecs skip what comes after.
func MaxEntries(s *api.Schema) int {
	if !s.HasMax || s.Max >= math.MaxInt32 {
		return math.MaxInt
	}
	return int(s.Max) + 1
}
