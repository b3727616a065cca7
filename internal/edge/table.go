package edge

import (
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire/httpbind"
)

// table is what a request is looked up in. It is immutable but for the hints.
type table struct {
	targets  map[string]*entry       // "Kinesis_20131202.PutRecord"
	prefixes map[string]*api.Service // "Kinesis_20131202"
	entries  map[*api.Operation]*entry
	actions  map[string][]*entry       // by name, of the services that speak Query
	signing  map[string][]*api.Service // by the service of a credential scope
	routers  map[*api.Service]*httpbind.Router
	services []*api.Service
	s3       *api.Service // where operations of S3 are built
}

// entry is an operation with what runs it.
type entry struct {
	api.Handler
	internal *api.ErrorShape // how the operation reports what is not the caller's fault
	hint     atomic.Int64    // about how long its answers are
}

// built reports whether the operation can be called.
func (e *entry) built() bool { return e.Call != nil || e.Stream != nil }

func newTable(services []*api.Service, handlers []api.Handler) (*table, error) {
	t := &table{
		targets: make(map[string]*entry), actions: make(map[string][]*entry), prefixes: make(map[string]*api.Service), entries: make(map[*api.Operation]*entry),
		signing: make(map[string][]*api.Service), routers: make(map[*api.Service]*httpbind.Router), services: services,
	}
	for _, svc := range services {
		t.signing[svc.SigningName] = append(t.signing[svc.SigningName], svc)
		if p := svc.TargetPrefix; p != "" {
			if other := t.prefixes[p]; other != nil {
				return nil, fmt.Errorf("edge: services %s and %s have one target prefix, %s", other.ID, svc.ID, p)
			}
			t.prefixes[p] = svc
		}
		if slices.ContainsFunc(svc.Protocols, rest) {
			t.routers[svc] = httpbind.NewRouter(svc.Operations)
		}
		for _, op := range svc.Operations {
			e := &entry{Handler: api.Handler{Operation: op}, internal: internalShape(op)}
			t.entries[op] = e
			if slices.Contains(svc.Protocols, api.Query) {
				t.actions[op.Name] = append(t.actions[op.Name], e)
			}
			if svc.TargetPrefix != "" {
				t.targets[svc.TargetPrefix+"."+op.Name] = e
			}
		}
	}
	for _, h := range handlers {
		e := t.entries[h.Operation]
		if e == nil {
			return nil, fmt.Errorf("edge: operation %s has a handler, but its service is not among the services", h.Name)
		}
		e.Handler = h
		if e.built() && h.Service.SigningName == "s3" {
			t.s3 = h.Service
		}
	}
	return t, nil
}

// internalShape returns the error by which an operation says that the server
// failed: InternalFailure, or what its model has in its place.
func internalShape(op *api.Operation) *api.ErrorShape {
	for _, e := range op.Errors {
		if e.Code == "InternalFailureException" {
			return e
		}
	}
	return api.ErrInternalFailure
}
