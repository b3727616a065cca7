package wiretest

import "github.com/millrace/millrace/internal/api"

// operation returns the table of a case's operation.
func operation(_ string, _ int, s *suite, c *protocolCase) *api.Operation {
	b := builder{s.Shapes, map[string]*api.Schema{}}
	return b.operation(newService(s.Metadata), c.Given)
}
