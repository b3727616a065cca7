package wiretest

import (
	"bytes"
	"embed"
	"encoding/json"
	"testing"
)

//go:embed testdata/protocol-tests/*/*.json
var files embed.FS

// suite is one entry of a file of cases: those of one operation. Its model is
// what package shapes is generated from.
type suite struct {
	Metadata struct {
		Protocol string `json:"protocol"`
	} `json:"metadata"`
	Cases []*protocolCase `json:"cases"`
}

// protocolCase is one official case. Params and Serialized belong to inputs,
// the rest to outputs.
type protocolCase struct {
	ID         string          `json:"id"`
	Params     json.RawMessage `json:"params"`
	Serialized message         `json:"serialized"`

	Result       json.RawMessage `json:"result"`
	ErrorCode    string          `json:"errorCode"`
	ErrorMessage string          `json:"errorMessage"`
	Error        json.RawMessage `json:"error"`
	Response     message         `json:"response"`
}

// message is an HTTP request or response of a case.
type message struct {
	Method string            `json:"method"`
	URI    string            `json:"uri"`
	Status int               `json:"status_code"`
	Header map[string]string `json:"headers"`
	Body   *string           `json:"body"` // nil: the case does not say
}

// load reads a file of cases, such as "input/query.json".
func load(t testing.TB, file string) []*suite {
	t.Helper()
	data, err := files.ReadFile("testdata/protocol-tests/" + file)
	if err != nil {
		t.Fatalf("read the cases: %v", err)
	}
	var suites []*suite
	if err := json.Unmarshal(data, &suites); err != nil {
		t.Fatalf("parse %s: %v", file, err)
	}
	return suites
}

// parseJSON parses text with numbers kept as they are written.
func parseJSON(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return v, nil
}
