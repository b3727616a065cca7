package awsapi

import (
	"slices"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/api/apitest"
)

// TestServices checks what routing, authentication and authorisation need of
// every service and operation.
func TestServices(t *testing.T) {
	ids, targets := map[string]bool{}, map[string]string{}
	for _, s := range Services {
		if ids[s.ID] || s.ID == "" || s.Name == "" || s.APIVersion == "" || s.SigningName == "" || s.Endpoint == "" || len(s.Protocols) == 0 {
			t.Errorf("%s: a fact is missing, or the id is taken", s.ID)
		}
		ids[s.ID] = true
		if other := targets[s.TargetPrefix]; s.TargetPrefix != "" && other != "" {
			t.Errorf("%s and %s have the target %s", s.ID, other, s.TargetPrefix)
		}
		targets[s.TargetPrefix] = s.ID
		for _, p := range s.Protocols {
			if (p == api.JSON10 || p == api.JSON11 || p == api.CBOR11) && s.TargetPrefix == "" {
				t.Errorf("%s: no target prefix", s.ID)
			}
			if p == api.Query && s.XMLNamespace == "" {
				t.Errorf("%s: no namespace", s.ID)
			}
		}
		for _, op := range s.Operations {
			if op.Service != s || op.Name == "" || op.Method == "" || !strings.HasPrefix(op.URI, "/") || op.Status/100 != 2 {
				t.Errorf("%s %s: a fact is missing", s.ID, op.Name)
			}
			if prefix, name, _ := strings.Cut(op.Action, ":"); prefix == "" || name == "" {
				t.Errorf("%s %s: the action is %q", s.ID, op.Name, op.Action)
			}
		}
	}
	if len(Services) != 21 {
		t.Errorf("%d services, want 21", len(Services))
	}
}

func TestProtocolsBesideTheModels(t *testing.T) {
	want := map[string][]api.Protocol{
		"kinesis":    {api.JSON11, api.CBOR11},
		"sqs":        {api.JSON10, api.Query},
		"cloudwatch": {api.RPCCBOR, api.JSON10, api.Query},
		"iot":        {api.RESTJSON},
		"s3":         {api.RESTXML},
	}
	for _, s := range Services {
		if w := want[s.ID]; w != nil && !slices.Equal(s.Protocols, w) {
			t.Errorf("%s: got %v, want %v", s.ID, s.Protocols, w)
		}
	}
}

// TestBuiltServices checks the generated code of the services that have any.
func TestBuiltServices(t *testing.T) {
	for _, s := range Services {
		for _, op := range s.Operations {
			if !s.Built {
				if op.NewInput != nil || op.Input != nil {
					t.Errorf("%s %s: shapes, but it is not built", s.ID, op.Name)
				}
				continue
			}
			if op.Input != nil {
				checkMaker(t, op.Name+"'s input", op.Input, op.NewInput)
			}
			if op.Output != nil && op.Events == nil {
				checkMaker(t, op.Name+"'s output", op.Output, op.NewOutput)
			}
			for _, e := range op.Errors {
				if e.Status < 400 || e.Schema == nil || e.Schema.Error != e {
					t.Errorf("%s: the error %s lacks a fact", op.Name, e.Code)
				}
			}
		}
	}
}

func checkMaker(t *testing.T, what string, s *api.Schema, zero func() api.Struct) {
	t.Helper()
	if zero == nil || zero().Schema() != s {
		t.Errorf("%s: no structure is made of its schema", what)
		return
	}
	apitest.CheckStruct(t, zero())
	if r, ok := zero().(api.Resetter); ok {
		// What was filled once must be zero again, whatever is kept.
		apitest.CheckStruct(t, r)
		r.Reset()
		apitest.CheckStruct(t, r)
	}
}
