package main

import (
	"bytes"
	"fmt"
	"strings"
)

// protocols are the models' names of protocols, and two of ours, with the
// constants of internal/api.
var protocols = map[string]string{
	"json-1.0": "JSON10", "json-1.1": "JSON11", "cbor-1.1": "CBOR11", "smithy-rpc-v2-cbor": "RPCCBOR",
	"query": "Query", "rest-json": "RESTJSON", "rest-xml": "RESTXML",
}

// speaks returns the constants of the protocols that the service speaks.
func (g *gen) speaks() ([]string, error) {
	var names []string
	for _, p := range g.m.Metadata.Protocols {
		if p == "json" {
			p = "json-" + g.m.Metadata.JSONVersion
		}
		names = append(names, p)
	}
	for _, p := range g.o.Protocols {
		names = append(names, p.Name)
	}
	for i, n := range names {
		if protocols[n] == "" {
			return nil, fmt.Errorf("protocol %q is unknown", n)
		}
		names[i] = "api." + protocols[n]
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no protocol")
	}
	return names, nil
}

// writeService writes the service's variable. Where shapes are generated the
// operations are variables of their own; else they stand inside.
func (g *gen) writeService(b *bytes.Buffer, name string, full bool) error {
	md := g.m.Metadata
	speaks, err := g.speaks()
	if err != nil {
		return err
	}
	signing := md.SigningName
	if signing == "" {
		signing = md.EndpointPrefix
	}
	fmt.Fprintf(b, "// %s is %s.\nvar %s = api.NewService(api.Service{\nID: %q, Name: %q, APIVersion: %q, SigningName: %q,\n",
		name, md.ServiceFullName, name, g.o.ID, md.ServiceFullName, md.APIVersion, signing)
	fmt.Fprintf(b, "TargetPrefix: %q, Endpoint: %q, Protocols: []api.Protocol{%s},\n", md.TargetPrefix, md.EndpointPrefix, strings.Join(speaks, ", "))
	if md.XMLNamespace.URI != "" {
		fmt.Fprintf(b, "XMLNamespace: %q,\n", md.XMLNamespace.URI)
	}
	if full {
		b.WriteString("Built: true,\n")
	}
	if md.AWSQueryCompatible != nil {
		b.WriteString("QueryErrors: true,\n")
	}
	truthLine(b, "Validates", g.o.Validates != "")
	if t := g.o.UnknownAction.Text; t != "" {
		fmt.Fprintf(b, "UnknownAction: %q,\n", t)
	}
	if ns := g.o.Errors.Namespace; ns != "" {
		fmt.Fprintf(b, "ErrorNamespace: %q,\n", ns)
	}
	b.WriteString("},\n")
	for _, op := range g.m.Operations.Keys {
		if full {
			fmt.Fprintf(b, "%s,\n", g.variable("Op", op))
			continue
		}
		b.WriteString("&api.Operation{\n")
		g.writeFacts(b, op)
		b.WriteString("},\n")
	}
	b.WriteString(")\n\n")
	return nil
}

// writeFacts writes the fields of an operation that need no shapes.
func (g *gen) writeFacts(b *bytes.Buffer, name string) {
	op := g.m.Operations.M[name]
	action := g.o.Actions.Names[name]
	if action == "" {
		action = g.o.Action + ":" + name
	}
	status := op.HTTP.ResponseCode
	if status == 0 {
		status = 200
	}
	fmt.Fprintf(b, "Name: %q, Action: %q, Method: %q, URI: %q, Status: %d,\n", op.Name, action, op.HTTP.Method, op.HTTP.RequestURI, status)
	g.writeRequired(b, op)
	truthLine(b, "Alias", g.o.Operations[name].Alias)
	truthLine(b, "Chunked", g.m.chunked(op))
	truthLine(b, "Gzip", len(op.RequestCompression.Encodings) > 0)
	truthLine(b, "Anonymous", g.o.Operations[name].Anonymous)
	truthLine(b, "Unsigned", op.AuthType == "none")
	p, ok := g.m.Pagination[name]
	if !ok {
		return
	}
	fmt.Fprintf(b, "Page: &api.Pagination{Input: %#v, Output: %#v", []string(p.InputToken), []string(p.OutputToken))
	if p.LimitKey != "" {
		fmt.Fprintf(b, ", Limit: %q", p.LimitKey)
	}
	if p.MoreResults != "" {
		fmt.Fprintf(b, ", More: %q", p.MoreResults)
	}
	if len(p.ResultKey) > 0 {
		fmt.Fprintf(b, ", Result: %#v", []string(p.ResultKey))
	}
	b.WriteString("},\n")
}

// writeRequired writes which parameters and headers a request must have.
func (g *gen) writeRequired(b *bytes.Buffer, op *operation) {
	if op.Input == nil {
		return
	}
	var list bytes.Buffer
	in := g.m.Shapes.M[op.Input.Shape]
	for _, k := range in.Required {
		t := g.m.merged(in.Members.M[k])
		if t.Location == "querystring" || t.Location == "header" {
			fmt.Fprintf(&list, "{Location: api.%s, Name: %q}, ", locations[t.Location], t.LocationName)
		}
	}
	if list.Len() > 0 {
		fmt.Fprintf(b, "Required: []api.Binding{%s},\n", list.Bytes())
	}
}

func truthLine(b *bytes.Buffer, name string, set bool) {
	if set {
		fmt.Fprintf(b, "%s: true,\n", name)
	}
}

// writeOperations writes a variable for each operation.
func (g *gen) writeOperations(b *bytes.Buffer) {
	for _, name := range g.m.Operations.Keys {
		op := g.m.Operations.M[name]
		fmt.Fprintf(b, "// %[1]s is the operation %[2]s.\nvar %[1]s = &api.Operation{\n", g.variable("Op", name), op.Name)
		g.writeFacts(b, name)
		if op.Input != nil {
			fmt.Fprintf(b, "Input: &%s[%d],\n", g.table, g.index[op.Input.Shape])
			if op.Input.LocationName != "" {
				fmt.Fprintf(b, "InputRoot: %q,\n", op.Input.LocationName)
			}
			if n := op.Input.XMLNamespace; n != nil {
				fmt.Fprintf(b, "InputNamespace: api.Namespace{Prefix: %q, URI: %q},\n", n.Prefix, n.URI)
			}
		}
		if op.Output != nil {
			fmt.Fprintf(b, "Output: &%s[%d],\n", g.table, g.index[op.Output.Shape])
			if op.Output.ResultWrapper != "" {
				fmt.Fprintf(b, "OutputWrapper: %q,\n", op.Output.ResultWrapper)
			}
		}
		if len(op.Errors) > 0 {
			b.WriteString("Errors: []*api.ErrorShape{")
			for _, e := range op.Errors {
				fmt.Fprintf(b, "%s, ", g.variable("Err", e.Shape))
			}
			b.WriteString("},\n")
		}
		g.writeMakers(b, name, op)
		b.WriteString("}\n\n")
	}
}

// writeMakers writes how an operation's values are made and given back.
func (g *gen) writeMakers(b *bytes.Buffer, name string, op *operation) {
	maker := "func() api.Struct { return new(%s) }"
	hot := g.o.Operations[name].Hot
	if hot {
		maker = "func() api.Struct { return pool%[1]s.Get().(*%[1]s) }"
	}
	if op.Input != nil {
		fmt.Fprintf(b, "NewInput: "+maker+",\n", g.typeName(op.Input.Shape))
	}
	if events := g.events(op); events != "" {
		fmt.Fprintf(b, "Events: &%s[%d],\n", g.table, g.index[events])
	} else if op.Output != nil {
		fmt.Fprintf(b, "NewOutput: "+maker+",\n", g.typeName(op.Output.Shape))
	}
	if hot {
		fmt.Fprintf(b, "Release: release%s,\n", name)
	}
}

// writeBind writes Bind, which asks a service for each operation's method.
func (g *gen) writeBind(b *bytes.Buffer) {
	b.WriteString(`// Bind returns a handler for each operation of the service. An operation for
	// which svc has no method of the right form has a handler with neither Call nor
	// Stream.
	func Bind(svc any) []api.Handler {
		return []api.Handler{
	`)
	for _, name := range g.m.Operations.Keys {
		fmt.Fprintf(b, "bind%s(svc),\n", name)
	}
	b.WriteString("}\n}\n\n")
	for _, name := range g.m.Operations.Keys {
		op := g.m.Operations.M[name]
		params, adapter := "ctx context.Context", "Call"
		if op.Input != nil {
			params += ", in *" + g.typeName(op.Input.Shape)
			adapter += "In"
		}
		field := "Call"
		if g.events(op) != "" {
			params += ", out api.EventStream"
			field, adapter = "Stream", "StreamIn"
		} else if op.Output != nil {
			params += ", out *" + g.typeName(op.Output.Shape)
			adapter += "Out"
		}
		if adapter == "Call" {
			adapter = "CallNone"
		}
		fmt.Fprintf(b, `func bind%[1]s(svc any) api.Handler {
			h := api.Handler{Operation: Op%[1]s}
			if s, ok := svc.(interface{ %[1]s(%[2]s) error }); ok {
				h.%[3]s = api.%[4]s(s.%[1]s)
			}
			return h
		}

		`, name, params, field, adapter)
	}
}
