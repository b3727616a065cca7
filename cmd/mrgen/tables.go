package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

var kinds = map[string]string{
	"structure": "Struct", "list": "List", "map": "Map", "string": "String", "blob": "Blob", "boolean": "Bool",
	"integer": "Int", "long": "Long", "float": "Float", "double": "Double", "timestamp": "Timestamp",
}

var locations = map[string]string{
	"header": "InHeader", "headers": "InHeaders", "uri": "InURI", "querystring": "InQuery", "statusCode": "InStatusCode",
}

var timestamps = map[string]string{
	"iso8601": "TimestampISO8601", "rfc822": "TimestampHTTPDate", "unixTimestamp": "TimestampUnix",
}

// writeTable writes the schemas. They refer to each other by their address in
// an array that is filled by init, which recursion through shapes asks for: Go
// forbids it in the initialisation of variables.
func (g *gen) writeTable(b *bytes.Buffer) error {
	fmt.Fprintf(b, "var %s [%d]api.Schema\n\nfunc init() {\n%s = [...]api.Schema{\n", g.table, len(g.m.Shapes.Keys), g.table)
	for _, name := range g.m.Shapes.Keys {
		if err := g.writeSchema(b, name); err != nil {
			return fmt.Errorf("shape %s: %w", name, err)
		}
	}
	fmt.Fprintf(b, "}\napi.Seal(%s[:])\n}\n\n", g.table)
	return nil
}

func (g *gen) writeSchema(b *bytes.Buffer, name string) error {
	s := g.m.Shapes.M[name]
	kind := kinds[s.Type]
	if s.Document {
		kind = "Document"
	}
	if kind == "" {
		return fmt.Errorf("type %q is unknown", s.Type)
	}
	fmt.Fprintf(b, "{Name: %q, Kind: api.Kind%s", name, kind)
	if err := g.writeConstraints(b, name); err != nil {
		return err
	}
	if s.Exception {
		fmt.Fprintf(b, ", Error: %s", g.variable("Err", name))
	}
	truth(b, "Union", s.Union || s.EventStream)
	truth(b, "Sensitive", s.Sensitive)
	truth(b, "Flattened", s.Flattened)
	truth(b, "Loose", g.o.Shapes[name].Loose)
	if s.Type == "structure" && s.LocationName != "" {
		fmt.Fprintf(b, ", XMLName: %q", s.LocationName)
	}
	writeNamespace(b, "Namespace", s.XMLNamespace)
	var err error
	switch s.Type {
	case "structure":
		err = g.writeMembers(b, s)
	case "list":
		b.WriteString(", Elem: &api.Member")
		err = g.writeMember(b, s, "member", s.Member)
	case "map":
		b.WriteString(", Key: &api.Member")
		if err = g.writeMember(b, s, "key", s.Key); err == nil {
			b.WriteString(", Elem: &api.Member")
			err = g.writeMember(b, s, "value", s.Value)
		}
	}
	b.WriteString("},\n")
	return err
}

func truth(b *bytes.Buffer, name string, set bool) {
	if set {
		fmt.Fprintf(b, ", %s: true", name)
	}
}

func writeNamespace(b *bytes.Buffer, field string, n *namespace) {
	if n != nil {
		fmt.Fprintf(b, ", %s: api.Namespace{Prefix: %q, URI: %q}", field, n.Prefix, n.URI)
	}
}

func (g *gen) writeMembers(b *bytes.Buffer, s *shape) error {
	b.WriteString(", Members: []api.Member{")
	for i, k := range s.Members.Keys {
		r := s.Members.M[k]
		if g.m.Shapes.M[r.Shape].EventStream {
			continue // Operation.Events is for it; the rest is the initial response
		}
		if i == 0 {
			b.WriteString("\n")
		}
		if err := g.writeMember(b, s, k, r); err != nil {
			return fmt.Errorf("member %s: %w", k, err)
		}
		b.WriteString(",\n")
	}
	b.WriteString("}")
	return nil
}

func (g *gen) writeMember(b *bytes.Buffer, owner *shape, name string, r *ref) error {
	t := g.m.merged(r)
	wire := name
	if t.LocationName != "" {
		wire = t.LocationName
	}
	fmt.Fprintf(b, "{Name: %q, Wire: %q, Schema: &%s[%d]", name, wire, g.table, g.index[r.Shape])
	if r.xml != "" && r.xml != wire {
		fmt.Fprintf(b, ", XML: %q", r.xml)
	}
	truth(b, "Required", owner.Type == "structure" && slices.Contains(owner.Required, name))
	switch {
	case owner.Payload != "" && owner.Payload == name:
		b.WriteString(", Location: api.InPayload")
	case t.Location != "":
		l := locations[t.Location]
		if l == "" {
			return fmt.Errorf("location %q is unknown", t.Location)
		}
		fmt.Fprintf(b, ", Location: api.%s", l)
	}
	if t.TimestampFormat != "" {
		f := timestamps[t.TimestampFormat]
		if f == "" {
			return fmt.Errorf("timestamp format %q is unknown", t.TimestampFormat)
		}
		fmt.Fprintf(b, ", Timestamp: api.%s", f)
	}
	truth(b, "Flattened", t.Flattened)
	truth(b, "Attribute", t.XMLAttribute)
	writeNamespace(b, "Namespace", t.XMLNamespace)
	truth(b, "Streaming", t.Streaming)
	truth(b, "JSONValue", t.JSONValue)
	truth(b, "Idempotent", r.IdempotencyToken)
	truth(b, "Sensitive", t.Sensitive)
	truth(b, "EventHeader", t.EventHeader)
	truth(b, "EventPayload", t.EventPayload)
	b.WriteString("}")
	return nil
}

// writeConstraints writes what a shape's values must satisfy.
func (g *gen) writeConstraints(b *bytes.Buffer, name string) error {
	s := g.m.Shapes.M[name]
	bounds := []struct {
		field string
		n     *json.Number
	}{{"Min", s.Min}, {"Max", s.Max}}
	for _, c := range bounds {
		if c.n == nil {
			continue
		}
		if _, err := strconv.ParseFloat(c.n.String(), 64); err != nil {
			return err
		}
		fmt.Fprintf(b, ", Has%[1]s: true, %[1]s: %s", c.field, c.n)
	}
	if s.Pattern != "" {
		p, err := g.pattern(name, s.Pattern)
		if err != nil {
			return err
		}
		b.WriteString(", Pattern: " + p)
	}
	if len(s.Enum) > 0 {
		fmt.Fprintf(b, ", Enum: %#v", s.Enum)
	}
	return nil
}

// writeErrors writes the error shapes.
func (g *gen) writeErrors(b *bytes.Buffer) error {
	for _, name := range g.m.Shapes.Keys {
		s := g.m.Shapes.M[name]
		if !s.Exception {
			continue
		}
		f, err := g.o.errorFacts(name, s)
		if err != nil {
			return err
		}
		fmt.Fprintf(b, "// %[1]s is the error %[2]s.\nvar %[1]s = &api.ErrorShape{Code: %[2]q, QueryCode: %[3]q, Status: %[4]d", g.variable("Err", name), name, f.Code, f.Status)
		truth(b, "Fault", f.Fault)
		truth(b, "Throttle", f.Throttle)
		fmt.Fprintf(b, ", Schema: &%s[%d]}\n\n", g.table, g.index[name])
	}
	for _, name := range keys(g.o.Errors.Beside) {
		f := g.o.Errors.Beside[name]
		fmt.Fprintf(b, "// %[1]s is the error %[2]s, which the model does not have.\nvar %[1]s = &api.ErrorShape{Code: %[2]q, QueryCode: %[3]q, Status: %[4]d}\n\n", g.variable("Err", name), name, f.Code, f.Status)
	}
	return nil
}
