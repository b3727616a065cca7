package model

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// encodeJSON writes blobs in base64 and times as seconds with a fraction.
func encodeJSON(in Object) ([]byte, error) { return json.Marshal(plain(in)) }

// plain is a value as encoding/json writes it the way the protocol has it: that
// writes bytes in base64 by itself.
func plain(v any) any {
	switch v := v.(type) {
	case Object:
		out := make(Object, len(v))
		for name, member := range v {
			out[name] = plain(member)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = plain(v[i])
		}
		return out
	case time.Time:
		return float64(v.UnixMilli()) / 1000
	}
	return v
}

func decodeJSON(text []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more after the value")
	}
	return v, nil
}

// conformBlob takes bytes of CBOR, and base64 of JSON.
func conformBlob(v any) (any, error) {
	switch v := v.(type) {
	case []byte:
		return v, nil
	case string:
		return base64.StdEncoding.Strict().DecodeString(v)
	}
	return nil, fmt.Errorf("%T in place of a blob", v)
}

// conformTime takes times of CBOR, and seconds of JSON.
func conformTime(v any) (any, error) {
	switch v := v.(type) {
	case time.Time:
		return v, nil
	case json.Number:
		seconds, err := v.Float64()
		return time.UnixMilli(int64(math.Round(seconds * 1000))).UTC(), err
	}
	return nil, fmt.Errorf("%T in place of a time", v)
}
