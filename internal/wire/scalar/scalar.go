// Package scalar turns scalars of the API's shapes into text and back, for the
// places where a protocol writes them as text: form parameters, XML elements,
// path labels, query parameters and headers.
//
// It owns the textual forms of numbers, timestamps and blobs. It keeps no state.
package scalar

import (
	"encoding/base64"
	"math"
	"strconv"
	"time"
	"unsafe"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
)

// Options say how a protocol and location write scalars.
type Options struct {
	Timestamp api.TimestampFormat // where the member names no format
	Alias     bool                // parsed strings alias the text
}

// Parse sets slot, in the form of api.Struct.Member or api.List.At, from text.
// It returns a *wire.TypeError where the text is not of the member's type.
func Parse(m *api.Member, slot any, text []byte, o Options) error {
	switch s := slot.(type) {
	case *api.Opt[string]:
		s.V, s.Set = text2string(text, o), true
	case *string:
		*s = text2string(text, o)
	case *api.Opt[bool]:
		return set(s, parseBool, text)
	case *bool:
		return put(s, parseBool, text)
	case *api.Opt[int32]:
		return set(s, parseInt32, text)
	case *int32:
		return put(s, parseInt32, text)
	case *api.Opt[int64]:
		return set(s, parseInt64, text)
	case *int64:
		return put(s, parseInt64, text)
	case *api.Opt[float32]:
		return set(s, parseFloat32, text)
	case *float32:
		return put(s, parseFloat32, text)
	case *api.Opt[float64]:
		return set(s, parseFloat64, text)
	case *float64:
		return put(s, parseFloat64, text)
	case *api.Opt[time.Time]:
		var err error
		s.V, err = parseTime(text, formatOf(m, o))
		s.Set = err == nil
		return err
	case *time.Time:
		var err error
		*s, err = parseTime(text, formatOf(m, o))
		return err
	case *[]byte:
		return put(s, parseBlob, text)
	case *api.Opt[[]byte]:
		return set(s, parseBlob, text)
	case *api.Document:
		s.V = string(text)
	default:
		return &wire.TypeError{Message: "Start of structure or map found where not expected"}
	}
	return nil
}

func set[T any](o *api.Opt[T], parse func([]byte) (T, error), text []byte) (err error) {
	o.V, err = parse(text)
	o.Set = err == nil
	return err
}

func put[T any](v *T, parse func([]byte) (T, error), text []byte) (err error) {
	*v, err = parse(text)
	return err
}

func text2string(text []byte, o Options) string {
	if o.Alias {
		return unsafe.String(unsafe.SliceData(text), len(text))
	}
	return string(text)
}

func formatOf(m *api.Member, o Options) api.TimestampFormat {
	if m.Timestamp != api.TimestampDefault {
		return m.Timestamp
	}
	return o.Timestamp
}

func wrong(kind string, text []byte) error {
	const most = 100
	return &wire.TypeError{Message: strconv.Quote(string(text[:min(len(text), most)])) + " is not a valid " + kind}
}

func parseBool(text []byte) (bool, error) {
	switch string(text) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, wrong("boolean", text)
}

func parseInt32(text []byte) (int32, error) {
	n, err := strconv.ParseInt(string(text), 10, 32)
	if err != nil {
		return 0, wrong("integer", text)
	}
	return int32(n), nil
}

func parseInt64(text []byte) (int64, error) {
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		return 0, wrong("long", text)
	}
	return n, nil
}

func parseFloat32(text []byte) (float32, error) {
	f, err := parseFloat(text, 32)
	return float32(f), err
}

func parseFloat64(text []byte) (float64, error) { return parseFloat(text, 64) }

// parseFloat reads a decimal number, NaN, Infinity or -Infinity; not the
// hexadecimal and other forms that strconv knows beside them.
func parseFloat(text []byte, bits int) (float64, error) {
	switch string(text) {
	case "NaN":
		return math.NaN(), nil
	case "Infinity":
		return math.Inf(1), nil
	case "-Infinity":
		return math.Inf(-1), nil
	}
	for _, c := range text {
		if (c < '0' || c > '9') && c != '+' && c != '-' && c != '.' && c != 'e' && c != 'E' {
			return 0, wrong("number", text)
		}
	}
	f, err := strconv.ParseFloat(string(text), bits)
	if err != nil {
		return 0, wrong("number", text)
	}
	return f, nil
}

func parseBlob(text []byte) ([]byte, error) {
	out := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(out, text)
	if err != nil {
		return nil, wrong("base64 text", text)
	}
	return out[:n], nil
}

// Append appends the value in slot as text and reports whether it is present.
func Append(dst []byte, m *api.Member, slot any, o Options) ([]byte, bool) {
	switch s := slot.(type) {
	case *api.Opt[string]:
		return append(dst, s.V...), s.Set
	case *string:
		return append(dst, *s...), true
	case *api.Opt[bool]:
		return strconv.AppendBool(dst, s.V), s.Set
	case *bool:
		return strconv.AppendBool(dst, *s), true
	case *api.Opt[int32]:
		return strconv.AppendInt(dst, int64(s.V), 10), s.Set
	case *int32:
		return strconv.AppendInt(dst, int64(*s), 10), true
	case *api.Opt[int64]:
		return strconv.AppendInt(dst, s.V, 10), s.Set
	case *int64:
		return strconv.AppendInt(dst, *s, 10), true
	case *api.Opt[float32]:
		return appendFloat(dst, float64(s.V), 32), s.Set
	case *float32:
		return appendFloat(dst, float64(*s), 32), true
	case *api.Opt[float64]:
		return appendFloat(dst, s.V, 64), s.Set
	case *float64:
		return appendFloat(dst, *s, 64), true
	case *api.Opt[time.Time]:
		return AppendTime(dst, s.V, formatOf(m, o)), s.Set
	case *time.Time:
		return AppendTime(dst, *s, formatOf(m, o)), true
	case *[]byte:
		return base64.StdEncoding.AppendEncode(dst, *s), *s != nil
	case *api.Opt[[]byte]:
		return base64.StdEncoding.AppendEncode(dst, s.V), s.Set
	}
	return dst, false
}

func appendFloat(dst []byte, f float64, bits int) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	// Plain digits where they are short, as JSON's writers do it.
	form := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		form = 'e'
	}
	return strconv.AppendFloat(dst, f, form, -1, bits)
}
