package wiretest

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/api"
)

// Diff returns in what got differs from want, one line a difference; nil where
// they are the same. Absent and empty collections differ.
func Diff(got, want api.Struct) []string {
	var d differences
	d.compare("", plainStruct(got), plainStruct(want))
	return d
}

// plainStruct returns the structure as maps, slices and scalars.
func plainStruct(s api.Struct) map[string]any {
	out := map[string]any{}
	for i := range s.Schema().Members {
		m := &s.Schema().Members[i]
		if m.Schema.Kind == api.KindStruct {
			if n := s.Nested(i, false); !isNil(n) {
				out[m.Name] = plainStruct(n)
			}
			continue
		}
		if v, ok := plainSlot(m, s.Member(i)); ok {
			out[m.Name] = v
		}
	}
	return out
}

// isNil reports whether an interface is nil or holds a nil pointer.
func isNil(v any) bool {
	return v == nil || reflect.ValueOf(v).Kind() == reflect.Pointer && reflect.ValueOf(v).IsNil()
}

func plainSlot(m *api.Member, slot any) (any, bool) {
	switch s := slot.(type) {
	case api.Struct:
		return plainStruct(s), true
	case api.List:
		if s.IsNil() {
			return nil, false
		}
		out := []any{}
		for i := range s.Len() {
			v, _ := plainSlot(m.Schema.Elem, s.At(i))
			out = append(out, v)
		}
		return out, true
	case api.Map:
		if s.IsNil() {
			return nil, false
		}
		out := map[string]any{}
		_ = s.Range(func(k string, value any) error { // the callback returns no error
			out[k], _ = plainSlot(m.Schema.Elem, value)
			return nil
		})
		return out, true
	case *api.Document:
		return s.V, s.V != nil
	case *[]byte:
		return string(*s), *s != nil
	case *string:
		return plainString(m, *s), true
	case *api.Opt[string]:
		return plainString(m, s.V), s.Set
	case *time.Time:
		return s.UTC().Format(time.RFC3339Nano), true
	case *api.Opt[time.Time]:
		return s.V.UTC().Format(time.RFC3339Nano), s.Set
	case *bool:
		return *s, true
	case *int32:
		return *s, true
	case *int64:
		return *s, true
	case *float32:
		return *s, true
	case *float64:
		return *s, true
	case *api.Opt[bool]:
		return plainOpt(*s)
	case *api.Opt[int32]:
		return plainOpt(*s)
	case *api.Opt[int64]:
		return plainOpt(*s)
	case *api.Opt[float32]:
		return plainOpt(*s)
	case *api.Opt[float64]:
		return plainOpt(*s)
	case *api.Opt[[]byte]:
		return string(s.V), s.Set
	}
	return fmt.Sprintf("a slot of type %T", slot), true
}

func plainOpt[T any](o api.Opt[T]) (any, bool) {
	if !o.Set {
		return nil, false
	}
	return o.V, true
}

// plainString returns the value of a JSON text where the member holds one.
func plainString(m *api.Member, s string) any {
	if m.JSONValue {
		if v, err := parseJSON([]byte(s)); err == nil {
			return v
		}
	}
	return s
}

// differences collects the lines of a comparison.
type differences []string

func (d *differences) add(path, format string, args ...any) {
	if path == "" {
		path = "."
	}
	*d = append(*d, path+": "+fmt.Sprintf(format, args...))
}

func (d *differences) compare(path string, got, want any) {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			d.add(path, "got %s, want %s", show(got), show(want))
			return
		}
		for _, k := range slices.Sorted(maps.Keys(w)) {
			if v, ok := g[k]; ok {
				d.compare(path+"."+k, v, w[k])
			} else {
				d.add(path+"."+k, "missing, want %s", show(w[k]))
			}
		}
		for _, k := range slices.Sorted(maps.Keys(g)) {
			if _, ok := w[k]; !ok {
				d.add(path+"."+k, "got %s, want none", show(g[k]))
			}
		}
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			d.add(path, "got %s, want %s", show(got), show(want))
			return
		}
		for i := range w {
			d.compare(fmt.Sprintf("%s[%d]", path, i), g[i], w[i])
		}
	default:
		if !sameScalar(got, want) {
			d.add(path, "got %s, want %s", show(got), show(want))
		}
	}
}

// sameScalar compares numbers by value, whatever their types; floats only to the
// precision of the narrower one.
func sameScalar(got, want any) bool {
	g, gok := number(got)
	w, wok := number(want)
	switch {
	case !gok || !wok:
		return reflect.DeepEqual(got, want)
	case isFloat32(got) || isFloat32(want):
		return float32(g) == float32(w) || math.IsNaN(g) && math.IsNaN(w)
	}
	return g == w && (g != math.Trunc(g) || fmt.Sprint(got) == fmt.Sprint(want) || isFloat(got) || isFloat(want)) ||
		math.IsNaN(g) && math.IsNaN(w)
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int32:
		return float64(v), true
	case int64:
		return float64(v), true
	case float32:
		return float64(v), true
	case float64:
		return v, true
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	}
	return 0, false
}

func isFloat32(v any) bool { _, ok := v.(float32); return ok }

func isFloat(v any) bool {
	if n, ok := v.(json.Number); ok {
		return strings.ContainsAny(string(n), ".eE")
	}
	_, ok := v.(float64)
	return ok
}

func show(v any) string {
	s := fmt.Sprintf("%#v", v)
	const most = 300
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "..."
	}
	return s
}
