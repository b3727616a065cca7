package wiretest

import (
	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire/wiretest/shapes"
)

// operation returns the generated table of the operation that a suite's cases
// share.
func operation(file string, suite int) *api.Operation { return shapes.Suites[file][suite] }
