package shapes

import (
	"testing"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/api/apitest"
)

func TestStructures(t *testing.T) {
	n := 0
	for file, operations := range Suites {
		for i, op := range operations {
			n++
			for _, v := range []struct {
				schema *api.Schema
				zero   func() api.Struct
			}{{op.Input, op.NewInput}, {op.Output, op.NewOutput}} {
				switch {
				case (v.schema == nil) != (v.zero == nil):
					t.Errorf("%s %d %s: a schema without structures, or the other way round", file, i, op.Name)
				case v.zero != nil && v.zero().Schema() != v.schema:
					t.Errorf("%s %d %s: the structure is one of another schema", file, i, op.Name)
				case v.zero != nil:
					apitest.CheckStruct(t, v.zero())
				}
			}
		}
	}
	if n != 294 {
		t.Errorf("%d suites, want 294", n)
	}
}
