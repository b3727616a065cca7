package main

import (
	"bytes"
	"fmt"
)

// The structures of hot operations are pooled. A list's memory must survive
// Reset although the list itself becomes absent, so it waits in a spare field,
// and the codec reaches the list through a view of the whole structure.

func viewName(typeName, member string) string { return "list" + typeName + fieldName(member) }
func spareName(member string) string          { return "spare" + fieldName(member) }

// writeHot writes Reset, pools and views.
func (g *gen) writeHot(b *bytes.Buffer) {
	for _, name := range g.m.Shapes.Keys {
		if !g.hot[name] {
			continue
		}
		s, t := g.m.Shapes.M[name], g.typeName(name)
		fmt.Fprintf(b, "// Reset makes s zero again; its lists keep their memory for the next use.\nfunc (s *%s) Reset() {\n*s = %s{\n", t, t)
		for _, k := range s.Members.Keys {
			if g.m.Shapes.M[s.Members.M[k].Shape].Type == "list" {
				fmt.Fprintf(b, "%s: api.Spare(s.%s, s.%s),\n", spareName(k), fieldName(k), spareName(k))
			}
		}
		b.WriteString("}\n}\n\n")
		fmt.Fprintf(b, "var pool%s = sync.Pool{New: func() any { return new(%s) }}\n\n", t, t)
		for _, k := range s.Members.Keys {
			if list := s.Members.M[k].Shape; g.m.Shapes.M[list].Type == "list" {
				g.writeView(b, t, k, g.entry(list))
			}
		}
	}
	for _, name := range g.m.Operations.Keys {
		if g.o.Operations[name].Hot {
			op, out := g.m.Operations.M[name], "_"
			if op.Output != nil {
				out = "out"
			}
			fmt.Fprintf(b, "func release%s(in, %s api.Struct) {\n", name, out)
			g.writeRelease(b, "in", op.Input)
			g.writeRelease(b, "out", op.Output)
			b.WriteString("}\n\n")
		}
	}
}

// writeRelease writes how the value of a parameter goes back to its pool.
func (g *gen) writeRelease(b *bytes.Buffer, param string, r *ref) {
	if r != nil {
		fmt.Fprintf(b, "if %[1]s, ok := %[1]s.(*%[2]s); ok {\n%[1]s.Reset()\npool%[2]s.Put(%[1]s)\n}\n", param, g.typeName(r.Shape))
	}
}

func (g *gen) writeView(b *bytes.Buffer, t, member, entry string) {
	fmt.Fprintf(b, `// Make%[3]s makes %[3]s present and empty, with room for n elements, of the
	// memory of an earlier use where it suffices.
	func (s *%[2]s) Make%[3]s(n int) {
		s.%[3]s = api.MakeList(s.%[5]s, n)
		s.%[5]s = nil
	}

	// %[1]s is the List that is %[2]s.%[3]s.
	type %[1]s %[2]s

	func (l *%[1]s) Len() int     { return len(l.%[3]s) }
	func (l *%[1]s) IsNil() bool  { return l.%[3]s == nil }
	func (l *%[1]s) At(i int) any { return &l.%[3]s[i] }
	func (l *%[1]s) Make(n int)   { (*%[2]s)(l).Make%[3]s(n) }

	func (l *%[1]s) Append() any {
		var zero %[4]s
		l.%[3]s = append(l.%[3]s, zero)
		return &l.%[3]s[len(l.%[3]s)-1]
	}

	`, viewName(t, member), t, fieldName(member), entry, spareName(member))
}
