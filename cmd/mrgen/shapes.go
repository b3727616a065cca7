package main

import (
	"bytes"
	"fmt"
)

// gen writes the Go code of one model.
type gen struct {
	m       *model
	o       *overlay
	prefix  string          // before every type's name; empty but for test shapes
	table   string          // the variable that holds the schemas
	index   map[string]int  // a shape's place in the table
	structs map[string]bool // structures that have a Go type
	hot     map[string]bool // structures that are pooled
}

func newGen(m *model, o *overlay, prefix, table string) *gen {
	g := &gen{m: m, o: o, prefix: prefix, table: table, index: map[string]int{}, structs: map[string]bool{}, hot: map[string]bool{}}
	for i, name := range m.Shapes.Keys {
		g.index[name] = i
	}
	for _, name := range m.Operations.Keys {
		op := m.Operations.M[name]
		if op.Input != nil {
			g.reach(op.Input.Shape)
		}
		switch {
		case op.Output == nil:
		case g.events(op) != "":
			g.reachMembers(g.events(op))
		default:
			g.reach(op.Output.Shape)
		}
		for _, e := range op.Errors {
			g.reachError(e.Shape)
		}
		if o.Operations[name].Hot {
			g.hot[op.Input.Shape] = true
			if op.Output != nil {
				g.hot[op.Output.Shape] = true
			}
		}
	}
	return g
}

// events returns the name of the event stream's shape, or "".
func (g *gen) events(op *operation) string {
	if op.Output == nil {
		return ""
	}
	out := g.m.Shapes.M[op.Output.Shape]
	for _, k := range out.Members.Keys {
		if s := out.Members.M[k].Shape; g.m.Shapes.M[s].EventStream {
			return s
		}
	}
	return ""
}

// reach marks the structures that are part of a shape.
func (g *gen) reach(name string) {
	s := g.m.Shapes.M[name]
	switch s.Type {
	case "structure":
		if !s.Document && !g.structs[name] {
			g.structs[name] = true
			g.reachMembers(name)
		}
	case "list":
		g.reach(s.Member.Shape)
	case "map":
		g.reach(s.Value.Shape)
	}
}

func (g *gen) reachMembers(name string) {
	s := g.m.Shapes.M[name]
	for _, k := range s.Members.Keys {
		target := s.Members.M[k].Shape
		if g.m.Shapes.M[target].Exception {
			g.reachError(target)
			continue
		}
		g.reach(target)
	}
}

// reachError marks an error that says more than its message.
func (g *gen) reachError(name string) {
	for _, k := range g.m.Shapes.M[name].Members.Keys {
		if exported(k) != "Message" {
			g.reach(name)
			return
		}
	}
}

func (g *gen) typeName(shape string) string { return g.prefix + exported(shape) }

// variable returns the name of a variable, such as ErrAccessDenied or OpGet.
func (g *gen) variable(kind, name string) string {
	return g.prefix + kind + exported(name)
}

var scalars = map[string]string{
	"string": "string", "boolean": "bool", "integer": "int32", "long": "int64",
	"float": "float32", "double": "float64", "timestamp": "time.Time",
}

// element returns the Go type of a shape inside a list or a map.
func (g *gen) element(name string) string {
	s := g.m.Shapes.M[name]
	switch {
	case s.Document:
		return "api.Document"
	case s.Type == "structure":
		return g.typeName(name)
	case s.Type == "blob":
		return "[]byte"
	case s.Type == "list":
		return "api.ListOf[" + g.entry(name) + "]"
	case s.Type == "map":
		return "api.MapOf[" + g.entry(name) + "]"
	}
	return scalars[s.Type]
}

// entry returns the Go type of the entries of a list or a map.
func (g *gen) entry(name string) string {
	s := g.m.Shapes.M[name]
	r := s.Member
	if s.Type == "map" {
		r = s.Value
	}
	return g.element(r.Shape)
}

// field returns the Go type of a member, and how its address is given to codecs.
func (g *gen) field(owner, member string) (typ, pointer string) {
	name := g.m.Shapes.M[owner].Members.M[member].Shape
	s := g.m.Shapes.M[name]
	address := "&s." + fieldName(member)
	switch {
	case s.Document:
		return "api.Document", address
	case s.Type == "structure":
		return "*" + g.typeName(name), ""
	case s.Type == "blob":
		return "[]byte", address
	case s.Type == "list" && g.hot[owner]:
		return "[]" + g.entry(name), "(*" + viewName(g.typeName(owner), member) + ")(s)"
	case s.Type == "list":
		return "[]" + g.entry(name), "(*api.ListOf[" + g.entry(name) + "])(" + address + ")"
	case s.Type == "map":
		return "map[string]" + g.entry(name), "(*api.MapOf[" + g.entry(name) + "])(" + address + ")"
	}
	return "api.Opt[" + scalars[s.Type] + "]", address
}

// writeStructs writes the structures and their methods.
func (g *gen) writeStructs(b *bytes.Buffer) {
	for _, name := range g.m.Shapes.Keys {
		if g.structs[name] {
			g.writeStruct(b, name)
		}
	}
}

func (g *gen) writeStruct(b *bytes.Buffer, name string) {
	s, t := g.m.Shapes.M[name], g.typeName(name)
	fmt.Fprintf(b, "// %s is the structure of that name.\ntype %s struct {\n", t, t)
	var members, nested, spares bytes.Buffer
	for i, k := range s.Members.Keys {
		typ, pointer := g.field(name, k)
		fmt.Fprintf(b, "%s %s\n", fieldName(k), typ)
		if pointer == "" {
			fmt.Fprintf(&nested, "case %d:\nif s.%[2]s == nil {\nif !create {\nreturn nil\n}\ns.%[2]s = new(%[3]s)\n}\nreturn s.%[2]s\n", i, fieldName(k), typ[1:])
			continue
		}
		fmt.Fprintf(&members, "case %d:\nreturn %s\n", i, pointer)
		if g.hot[name] && g.m.Shapes.M[s.Members.M[k].Shape].Type == "list" {
			fmt.Fprintf(&spares, "\n%s %s // what Reset kept\n", spareName(k), typ)
		}
	}
	fmt.Fprintf(b, "%s}\n\n", spares.Bytes())
	fmt.Fprintf(b, "// Schema implements api.Struct.\nfunc (*%s) Schema() *api.Schema { return &%s[%d] }\n\n", t, g.table, g.index[name])
	writeSwitch(b, "Member", "any", "i int", t, members.Bytes())
	writeSwitch(b, "Nested", "api.Struct", "i int, create bool", t, nested.Bytes())
}

func writeSwitch(b *bytes.Buffer, method, result, params, t string, cases []byte) {
	fmt.Fprintf(b, "// %s implements api.Struct.\n", method)
	if len(cases) == 0 {
		blank := "int"
		if method == "Nested" {
			blank = "int, bool"
		}
		fmt.Fprintf(b, "func (*%s) %s(%s) %s { return nil }\n\n", t, method, blank, result)
		return
	}
	fmt.Fprintf(b, "func (s *%s) %s(%s) %s {\nswitch i {\n%s}\nreturn nil\n}\n\n", t, method, params, result, cases)
}

// writeEnums writes the constants of the enumerations.
func (g *gen) writeEnums(b *bytes.Buffer) {
	used := map[string]bool{}
	for name := range g.structs {
		used[g.typeName(name)] = true
	}
	for _, name := range g.m.Shapes.Keys {
		s := g.m.Shapes.M[name]
		if len(s.Enum) == 0 {
			continue
		}
		fmt.Fprintf(b, "// Values of %s.\nconst (\n", name)
		for i, n := range enumNames(g.typeName(name), s.Enum, used) {
			fmt.Fprintf(b, "%s = %q\n", n, s.Enum[i])
		}
		b.WriteString(")\n\n")
	}
}
