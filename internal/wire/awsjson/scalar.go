package awsjson

import (
	"encoding/json"
	"math"
	"strconv"
	"time"

	"github.com/emmansun/base64"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/jsontext"
	"github.com/millrace/millrace/internal/wire/mismatch"
)

// value decodes what comes next, which is not null, into p: what Struct.Member,
// List.At or Map.Put give for a shape that is no structure.
func (d *decoder) value(schema *api.Schema, p any) {
	switch p := p.(type) {
	case *api.Opt[string]:
		p.V, p.Set = d.string()
	case *[]byte:
		*p = d.blob()
	case *api.Opt[int32]:
		var v int64
		v, p.Set = d.integer(api.KindInt)
		p.V = int32(v)
	case *api.Opt[int64]:
		p.V, p.Set = d.integer(api.KindLong)
	case *api.Opt[bool]:
		p.V, p.Set = d.bool()
	case *api.Opt[time.Time]:
		p.V, p.Set = d.time()
	case *api.Opt[float64]:
		p.V, p.Set = d.float(api.KindDouble, 64)
	case *api.Opt[float32]:
		var v float64
		v, p.Set = d.float(api.KindFloat, 32)
		p.V = float32(v)
	case *string:
		*p, _ = d.string()
	case *int32:
		v, _ := d.integer(api.KindInt)
		*p = int32(v)
	case *int64:
		*p, _ = d.integer(api.KindLong)
	case *bool:
		*p, _ = d.bool()
	case *time.Time:
		*p, _ = d.time()
	case *float64:
		*p, _ = d.float(api.KindDouble, 64)
	case *float32:
		v, _ := d.float(api.KindFloat, 32)
		*p = float32(v)
	case *api.Opt[[]byte]:
		p.V = d.blob()
		p.Set = p.V != nil
	case *api.Document:
		p.V = d.document()
	case api.List:
		d.list(schema, p)
	case api.Map:
		d.mapping(schema, p)
	default:
		panic("awsjson: a member of a type that no kind has")
	}
}

func (d *decoder) string() (string, bool) {
	if d.scan.Kind() != jsontext.String {
		d.mismatch(api.KindString)
		return "", false
	}
	return d.text(d.scan.String()), true
}

// blob decodes base64 in place where it may: a decoder that goes from left to
// right writes at 3/4 of where it reads, and the vectors it writes end before
// those it reads next begin.
func (d *decoder) blob() []byte {
	if d.scan.Kind() != jsontext.String {
		d.mismatch(api.KindBlob)
		return nil
	}
	text, checked := d.scan.Unchecked()
	dst := text
	if !d.opts.Alias {
		dst = make([]byte, len(text)/4*3+3)
	}
	want := len(text) / 4 * 3
	for end := len(text); end > len(text)-2 && end > 0 && text[end-1] == '='; end-- {
		want--
	}
	n, err := base64.StdEncoding.Decode(dst, text)
	switch {
	case err == nil && n == want && len(text)%4 == 0:
		return dst[:n:n]
	case err == nil && len(text)%4 == 0 && !checked:
		// The decoder passes over line ends, and only the length tells.
		d.scan.Fail("control character in a string")
	default:
		d.badBase64(text, dst[:n], checked)
	}
	return nil
}

// badBase64 reports a text that is no base64, once it is known to be a string at
// all. What decoding in place has overwritten is what it decoded to: done.
func (d *decoder) badBase64(text, done []byte, checked bool) {
	whole := base64.StdEncoding.EncodeToString(done)
	whole += string(text[min(len(whole), len(text)):])
	if !checked && !jsontext.Plain(whole) {
		d.scan.Fail("string with control characters or that is not UTF-8")
		return
	}
	d.report(mismatch.Base64(whole))
}

// integer returns a number as an integer: rounded down, and the nearest of kind
// where it is out of range.
func (d *decoder) integer(kind api.Kind) (int64, bool) {
	if d.scan.Kind() != jsontext.Number {
		d.mismatch(kind)
		return 0, false
	}
	text := d.scan.Number()
	v, ok := decimal(text)
	if !ok {
		f, _ := strconv.ParseFloat(string(text), 64) // out of range: an infinity
		v = wire.Floor(f)
	}
	if kind == api.KindInt {
		v = min(max(v, math.MinInt32), math.MaxInt32)
	}
	return v, true
}

// decimal returns the value of an integer without fraction or exponent, if it
// is one that surely fits.
func decimal(text []byte) (v int64, ok bool) {
	digits := text
	if len(text) > 0 && text[0] == '-' {
		digits = text[1:]
	}
	if len(digits) > 18 {
		v, err := strconv.ParseInt(string(text), 10, 64)
		return v, err == nil
	}
	for _, c := range digits {
		if c -= '0'; c > 9 {
			return 0, false
		}
		v = v*10 + int64(c)
	}
	if len(digits) < len(text) {
		v = -v
	}
	return v, true
}

// float returns a number of 32 or 64 bits. What JSON has no numbers for comes as
// a string.
func (d *decoder) float(kind api.Kind, bits int) (float64, bool) {
	switch d.scan.Kind() {
	case jsontext.Number:
		f, _ := strconv.ParseFloat(string(d.scan.Number()), bits) // out of range: an infinity
		return f, true
	case jsontext.String:
		switch string(d.scan.String()) {
		case "NaN":
			return math.NaN(), true
		case "Infinity":
			return math.Inf(1), true
		case "-Infinity":
			return math.Inf(-1), true
		}
		d.report(mismatch.New(kind, mismatch.String))
		return 0, false
	default:
		d.mismatch(kind)
		return 0, false
	}
}

func (d *decoder) bool() (value, ok bool) {
	switch d.scan.Kind() {
	case jsontext.True:
		value = true
	case jsontext.False:
	default:
		d.mismatch(api.KindBool)
		return false, false
	}
	d.scan.Literal()
	return value, true
}

// time returns a time given as seconds since the epoch or, whatever the member's
// format, as one of the texts that AWS's protocols use.
func (d *decoder) time() (time.Time, bool) {
	switch d.scan.Kind() {
	case jsontext.Number:
		return wire.ParseSeconds(d.scan.Number()), true
	case jsontext.String:
		if t, ok := wire.ParseTime(string(d.scan.String()), api.TimestampDefault); ok {
			return t, true
		}
		d.report(mismatch.New(api.KindTimestamp, mismatch.String))
	default:
		d.mismatch(api.KindTimestamp)
	}
	return time.Time{}, false
}

// document returns a value without a schema; its numbers keep their text.
func (d *decoder) document() any {
	switch d.scan.Kind() {
	case jsontext.String:
		return string(d.scan.String())
	case jsontext.Number:
		return json.Number(d.scan.Number())
	case jsontext.True:
		d.scan.Literal()
		return true
	case jsontext.False:
		d.scan.Literal()
		return false
	case jsontext.Null:
		d.scan.Literal()
	case jsontext.Array:
		list := []any{}
		d.scan.Enter()
		for first := true; d.scan.More(']', first); first = false {
			list = append(list, d.document())
		}
		return list
	case jsontext.Object:
		object := map[string]any{}
		d.scan.Enter()
		for first := true; d.scan.More('}', first); first = false {
			key := string(d.scan.Key())
			object[key] = d.document()
		}
		return object
	case jsontext.Invalid:
		d.scan.Skip()
	}
	return nil
}
