package wire

import (
	"time"

	"github.com/millrace/millrace/internal/api"
)

// Clear makes a member absent again: a message gave it, and later gave it as
// null. p is what Struct.Member returns; lists and maps stay as they are.
func Clear(p any) {
	switch p := p.(type) {
	case *api.Opt[string]:
		*p = api.Opt[string]{}
	case *[]byte:
		*p = nil
	case *api.Opt[bool]:
		*p = api.Opt[bool]{}
	case *api.Opt[int32]:
		*p = api.Opt[int32]{}
	case *api.Opt[int64]:
		*p = api.Opt[int64]{}
	case *api.Opt[float32]:
		*p = api.Opt[float32]{}
	case *api.Opt[float64]:
		*p = api.Opt[float64]{}
	case *api.Opt[time.Time]:
		*p = api.Opt[time.Time]{}
	case *api.Document:
		*p = api.Document{}
	}
}

// Present reports whether a member that is no structure, or an entry of a sparse
// list or map, is there. p is what Struct.Member, List.At or Map.Range give.
func Present(p any) bool {
	switch p := p.(type) {
	case *api.Opt[string]:
		return p.Set
	case *[]byte:
		return *p != nil
	case *api.Opt[int32]:
		return p.Set
	case *api.Opt[int64]:
		return p.Set
	case *api.Opt[bool]:
		return p.Set
	case *api.Opt[time.Time]:
		return p.Set
	case *api.Opt[float64]:
		return p.Set
	case *api.Opt[float32]:
		return p.Set
	case *api.Opt[[]byte]:
		return p.Set
	case *api.Document:
		return p.V != nil
	case api.List:
		return !p.IsNil()
	case api.Map:
		return !p.IsNil()
	}
	return true
}
