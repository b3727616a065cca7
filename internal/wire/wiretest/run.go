package wiretest

import (
	"fmt"
	"net/http"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/httpbind"
)

// RunInput decodes what a client sends in each case of a file, such as
// "input/query.json", and compares the structure with the case's parameters.
// skip holds the ids of the cases that are left out, with the reason.
func RunInput(t *testing.T, file string, codec wire.Codec, skip map[string]string) {
	t.Helper()
	run(t, file, skip, func(op *api.Operation, form bodyForm, c *protocolCase) []string {
		r, err := request(op, form, c)
		if err != nil {
			return []string{err.Error()}
		}
		if op.NewInput == nil {
			return nil
		}
		got, want := op.NewInput(), op.NewInput()
		if err := Fill(want, c.Params); err != nil {
			return []string{"fill the parameters: " + err.Error()}
		}
		if err := codec.Decode(op, r, got); err != nil {
			return []string{"decode: " + err.Error()}
		}
		return Diff(got, want)
	})
}

// RunOutput encodes the result, or the error, of each case of a file, such as
// "output/query.json", and compares the message with the case's response. skip
// holds the ids of the cases that are left out, with the reason.
func RunOutput(t *testing.T, file string, codec wire.Codec, skip map[string]string) {
	t.Helper()
	run(t, file, skip, func(op *api.Operation, form bodyForm, c *protocolCase) []string {
		want, err := rawBody(form, c.Response.Body)
		if err != nil {
			return []string{err.Error()}
		}
		w := &wire.Response{Header: http.Header{}}
		if c.ErrorCode != "" {
			e, err := callerError(op, c)
			if err != nil {
				return []string{err.Error()}
			}
			codec.EncodeError(op.Service, op, e, requestID(c), w)
		} else {
			var out api.Struct
			if op.NewOutput != nil {
				out = op.NewOutput()
				if err := Fill(out, c.Result); err != nil {
					return []string{"fill the result: " + err.Error()}
				}
			}
			if err := codec.Encode(op, out, requestID(c), w); err != nil {
				return []string{"encode: " + err.Error()}
			}
		}
		d := diffHeader(w.Header, c.Response.Header)
		if w.Status != c.Response.Status {
			d = append(d, fmt.Sprintf("status: got %d, want %d", w.Status, c.Response.Status))
		}
		if c.Response.Body == nil {
			return d
		}
		return append(d, diffBody(form, w.Body, want)...)
	})
}

// run calls check for each case that is not left out.
func run(t *testing.T, file string, skip map[string]string, check func(*api.Operation, bodyForm, *protocolCase) []string) {
	t.Helper()
	seen := map[string]bool{}
	for i, s := range load(t, file) {
		form := formOf(s.Metadata.Protocol)
		for _, c := range s.Cases {
			seen[c.ID] = true
			t.Run(c.ID, func(t *testing.T) {
				d := check(operation(file, i), form, c)
				reason, left := skip[c.ID]
				switch {
				case left && len(d) == 0:
					t.Errorf("it passes, yet it is left out (%s)", reason)
				case left && reason == "":
					t.Error("it is left out without a reason")
				case left:
					t.Skip(reason)
				case len(d) > 0:
					t.Error(strings.Join(d, "\n"))
				}
			})
		}
	}
	for id := range skip {
		if !seen[id] {
			t.Errorf("%s has no case %s to leave out", file, id)
		}
	}
}

// request makes what a codec sees of a case's request. The path's labels come
// from the router, as in the server.
func request(op *api.Operation, form bodyForm, c *protocolCase) (*wire.Request, error) {
	body, err := rawBody(form, c.Serialized.Body)
	if err != nil {
		return nil, err
	}
	r := &wire.Request{Method: c.Serialized.Method, Header: http.Header{}, Body: body}
	r.Path, r.Query, _ = strings.Cut(c.Serialized.URI, "?")
	for k, v := range c.Serialized.Header {
		r.Header[textproto.CanonicalMIMEHeaderKey(k)] = []string{v}
	}
	if strings.Contains(op.URI, "{") {
		router := httpbind.NewRouter([]*api.Operation{op})
		matched, labels := router.Match(r.Method, r.Path, r.Query, r.Header)
		if matched != op {
			return nil, fmt.Errorf("%s %s does not lead to %s", r.Method, c.Serialized.URI, op.URI)
		}
		r.Labels = labels
	}
	return r, nil
}

// callerError makes the error that a case's operation answers with.
func callerError(op *api.Operation, c *protocolCase) (*api.Error, error) {
	i := slices.IndexFunc(op.Errors, func(e *api.ErrorShape) bool {
		return e.Code == c.ErrorCode || e.QueryCode == c.ErrorCode
	})
	if i < 0 {
		i = slices.IndexFunc(op.Errors, func(e *api.ErrorShape) bool { return e.Schema != nil && e.Schema.Name == c.ErrorCode })
	}
	if i < 0 {
		return nil, fmt.Errorf("%s has no error %s", op.Name, c.ErrorCode)
	}
	e := &api.Error{Shape: op.Errors[i], Message: c.ErrorMessage}
	if e.Shape.Schema != nil && len(c.Error) > 0 {
		e.Fields = NewStruct(e.Shape.Schema)
		if err := Fill(e.Fields, c.Error); err != nil {
			return nil, fmt.Errorf("fill the error: %w", err)
		}
	}
	return e, nil
}

var requestIDElement = regexp.MustCompile(`<RequestId>(.*)</RequestId>`)

// requestID returns the id that the case's response carries.
func requestID(c *protocolCase) string {
	if c.Response.Body != nil {
		if m := requestIDElement.FindStringSubmatch(*c.Response.Body); m != nil {
			return m[1]
		}
	}
	return "00000000-0000-4000-8000-000000000000"
}

// diffHeader reports the headers that are missing or differ. More headers than
// the case has are allowed.
func diffHeader(got http.Header, want map[string]string) []string {
	var d []string
	for k, w := range want {
		if g := strings.Join(got.Values(k), ", "); g != w {
			d = append(d, fmt.Sprintf("header %s: got %q, want %q", k, g, w))
		}
	}
	return d
}
