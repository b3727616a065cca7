package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// built finds the operations that a service's package serves: the exported
// methods of its type Service that are called as an operation of the model is.
// That they have the right form is for the service's own test to say, which
// compares with Bind.
func built(root string, g *gen) (map[string]bool, error) {
	found := map[string]bool{}
	dir := filepath.Join(root, "internal/service", g.o.ID)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return found, nil
	}
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, e.Name()), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && receiver(f) == "Service" && g.m.Operations.M[f.Name.Name] != nil {
				found[f.Name.Name] = true
			}
		}
	}
	return found, nil
}

// receiver returns the type of a method's receiver, without its star.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	t := f.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if name, ok := t.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}

// coverage makes docs/coverage.md.
func coverage(root string, gens []*gen, out output) error {
	var b, lists bytes.Buffer
	b.WriteString(docMark + `
# Which operations are built

Every operation below is recognised, authenticated and answered in its protocol.
One that is not built answers with the error for unknown operations of its
protocol: UnknownOperationException, or InvalidAction in Query.

| Service | Operations | Built |
|---|---|---|
`)
	for _, g := range gens {
		done, err := built(root, g)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "| %s (%s) | %d | %d |\n", g.m.Metadata.ServiceFullName, g.o.ID, len(g.m.Operations.Keys), len(done))
		fmt.Fprintf(&lists, "\n## %s (%s)\n", g.m.Metadata.ServiceFullName, g.o.ID)
		var yes, no []string
		for _, op := range g.m.Operations.Keys {
			if done[op] {
				yes = append(yes, op)
			} else {
				no = append(no, op)
			}
		}
		writeList(&lists, "Built", yes)
		writeList(&lists, "Not built", no)
	}
	b.Write(lists.Bytes())
	out["docs/coverage.md"] = b.Bytes()
	return nil
}

func writeList(b *bytes.Buffer, title string, names []string) {
	if len(names) > 0 {
		fmt.Fprintf(b, "\n%s (%d): %s.\n", title, len(names), strings.Join(names, ", "))
	}
}

// divergences makes the list of the constraints of a service that are not those
// of its model, where there are any.
func (g *gen) divergences(out output) {
	var b bytes.Buffer
	for _, name := range keys(g.o.Shapes) {
		if c := g.o.Shapes[name]; c.changes() {
			fmt.Fprintf(&b, "- `%s`: %s\n", name, c.Reason)
		}
	}
	if b.Len() > 0 {
		head := fmt.Sprintf("%s\n# %s: constraints that differ from the API model's\n\n", docMark, g.m.Metadata.ServiceFullName)
		out["docs/divergences/"+g.o.ID+"-constraints.md"] = append([]byte(head), b.Bytes()...)
	}
}
