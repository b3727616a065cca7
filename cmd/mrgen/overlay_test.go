package main

import (
	"strings"
	"testing"
)

const smallModel = `{
	"metadata": {"protocols": ["json"], "jsonVersion": "1.1", "serviceFullName": "Small"},
	"operations": {"Op": {"name": "Op", "http": {"method": "POST", "requestUri": "/"}, "input": {"shape": "In"}, "errors": [{"shape": "Bad"}]},
		"None": {"name": "None", "http": {"method": "POST", "requestUri": "/"}}},
	"shapes": {
		"In": {"type": "structure", "members": {"Name": {"shape": "Name"}}},
		"Name": {"type": "string", "pattern": "(?!a).*", "min": 1},
		"Bad": {"type": "structure", "members": {}, "exception": true}
	}
}`

// small makes all files of smallModel under an overlay of the given entries.
func small(entries string) (output, error) {
	o, err := parseOverlay([]byte(`{"id": "small", "model": "small.json", "action": "small", "built": true` + entries + `}`))
	if err != nil {
		return nil, err
	}
	m, err := parseModel([]byte(smallModel))
	if err != nil {
		return nil, err
	}
	if err := o.apply(m); err != nil {
		return nil, err
	}
	out := output{}
	g := newGen(m, o, "", "schemas")
	if err := g.files(out); err != nil {
		return nil, err
	}
	g.divergences(out)
	return out, nil
}

const (
	status  = `, "errors": {"client": 400, "fault": 500, "reason": "r"}`
	matcher = `, "shapes": {"Name": {"matcher": "Name", "reason": "r"}}`
)

func TestOverlayIsRefused(t *testing.T) {
	for _, test := range []struct{ name, entries, want string }{
		{"unknown key", `, "novel": 1`, "novel"},
		{"unknown protocol", `, "protocols": [{"name": "soap", "reason": "r"}]`, "soap"},
		{"protocol without reason", `, "protocols": [{"name": "query"}]`, "no reason"},
		{"action's text without reason", `, "unknownAction": {"text": "no %s"}`, "no reason"},
		{"action's text without a place", `, "unknownAction": {"text": "no %d", "reason": "r"}`, "one %s"},
		{"error beside without status", `, "errors": {"beside": {"Worse": {"code": "W"}}, "reason": "r"}`, "a fact of it is missing"},
		{"error beside of the model", `, "errors": {"beside": {"Bad": {"code": "W", "status": 400}}, "reason": "r"}`, "has a shape Bad"},
		{"statuses without reason", `, "errors": {"client": 400}`, "no reason"},
		{"unknown error", `, "errors": {"throttle": ["Worse"], "reason": "r"}`, "no error Worse"},
		{"error that is none", `, "errors": {"throttle": ["In"], "reason": "r"}`, "no error In"},
		{"unknown operation", `, "operations": {"Up": {"alias": true, "reason": "r"}}`, "no operation Up"},
		{"operation without reason", `, "operations": {"Op": {"alias": true}}`, "no reason"},
		{"hot without input", `, "operations": {"None": {"hot": true, "reason": "r"}}`, "lacks"},
		{"unknown action", `, "actions": {"names": {"Up": "a:b"}, "reason": "r"}`, "no operation Up"},
		{"actions without reason", `, "actions": {"names": {"Op": "a:b"}}`, "no reason"},
		{"unknown shape", `, "shapes": {"X": {"drop": ["min"], "reason": "r"}}`, "no shape X"},
		{"shape without reason", `, "shapes": {"Name": {"drop": ["min"]}}`, "no reason"},
		{"nothing to drop", `, "shapes": {"Name": {"drop": ["max"], "reason": "r"}}`, "no max"},
		{"matcher without pattern", `, "shapes": {"In": {"matcher": "In", "reason": "r"}}`, "no pattern"},
		{"loose, but no map", `, "shapes": {"Name": {"loose": true, "reason": "r"}}`, "no map of strings"},
		{"status is missing", matcher, "Bad: neither"},
		{"matcher is missing", status, "asks for a matcher"},
	} {
		if _, err := small(test.entries); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
	for _, text := range []string{`{}`, `{"id": "a", "model": "b"}`, `[]`} {
		if _, err := parseOverlay([]byte(text)); err == nil {
			t.Errorf("%s is accepted", text)
		}
	}
}

func TestOverlayIsApplied(t *testing.T) {
	for _, test := range []struct{ name, entries, path, want string }{
		{"matcher", status + matcher, "internal/awsapi/small/tables.gen.go", "api.Matcher(\"(?!a).*\", match.Name)"},
		{"constraints", status + `, "shapes": {"Name": {"max": 5, "pattern": "b", "drop": ["min"], "reason": "r"}}`, "internal/awsapi/small/tables.gen.go", "Kind: api.KindString, HasMax: true, Max: 5, Pattern: api.RE2(\"b\", \"b\")}"},
		{"divergence", status + `, "shapes": {"Name": {"drop": ["pattern"], "reason": "as we please"}}`, "docs/divergences/small-constraints.md", "- `Name`: as we please\n"},
		{"error", `, "errors": {"codes": {"Bad": {"code": "Small.Bad", "status": 409}}, "throttle": ["Bad"], "reason": "r"}` + matcher, "internal/awsapi/small/errors.gen.go", `Code: "Bad", QueryCode: "Small.Bad", Status: 409, Throttle: true`},
		{"action", status + matcher + `, "actions": {"names": {"Op": "large:Do"}, "reason": "r"}`, "internal/awsapi/small/operations.gen.go", `Action: "large:Do"`},
		{"protocol", status + matcher + `, "protocols": [{"name": "query", "reason": "r"}]`, "internal/awsapi/small/service.gen.go", "{api.JSON11, api.Query}"},
		{"alias", status + matcher + `, "operations": {"Op": {"alias": true, "reason": "r"}}`, "internal/awsapi/small/operations.gen.go", "Alias:"},
		{"error beside", `, "errors": {"client": 400, "beside": {"Worse": {"code": "Small.Worse", "status": 409}}, "reason": "r"}` + matcher, "internal/awsapi/small/errors.gen.go", `var ErrWorse = &api.ErrorShape{Code: "Worse", QueryCode: "Small.Worse", Status: 409}`},
		{"namespace", `, "errors": {"client": 400, "namespace": "com.small", "reason": "r"}` + matcher, "internal/awsapi/small/service.gen.go", `ErrorNamespace: "com.small"`},
		{"validates", status + matcher + `, "validates": "r"`, "internal/awsapi/small/service.gen.go", "Validates: true"},
		{"unknown action", status + matcher + `, "unknownAction": {"text": "no %s", "reason": "r"}`, "internal/awsapi/small/service.gen.go", `UnknownAction: "no %s"`},
		{"anonymous", status + matcher + `, "operations": {"Op": {"anonymous": true, "reason": "r"}}`, "internal/awsapi/small/operations.gen.go", "Anonymous:"},
		{"hot without output", status + matcher + `, "operations": {"Op": {"hot": true, "reason": "r"}}`, "internal/awsapi/small/hot.gen.go", "func releaseOp(in, _ api.Struct) {"},
		{"no output", status + matcher, "internal/awsapi/small/bind.gen.go", "Op(ctx context.Context, in *In) error"},
	} {
		out, err := small(test.entries)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if !strings.Contains(string(out[test.path]), test.want) {
			t.Errorf("%s: no %q in\n%s", test.name, test.want, out[test.path])
		}
	}
	if out, err := small(status + matcher); err != nil || out["docs/divergences/small-constraints.md"] != nil {
		t.Errorf("a divergence, although the constraints are the model's: %v", err)
	}
}
