package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// folders are those in which every file with the generator's mark is its own.
var folders = []string{"internal/awsapi", "internal/wire/wiretest/shapes", "docs"}

// generate makes all files from what lies under root.
func generate(root string) (output, error) {
	if err := verifySources(root); err != nil {
		return nil, err
	}
	gens, err := services(root)
	if err != nil {
		return nil, err
	}
	out := output{}
	for _, g := range gens {
		if err := g.files(out); err != nil {
			return nil, fmt.Errorf("%s: %w", g.o.ID, err)
		}
		g.divergences(out)
	}
	if err := index(gens, out); err != nil {
		return nil, err
	}
	if err := coverage(root, gens, out); err != nil {
		return nil, err
	}
	return out, suites(root, out)
}

// services reads all overlays and their models, in the order of our names.
// Every model has its overlay.
func services(root string) ([]*gen, error) {
	models, err := filepath.Glob(filepath.Join(root, "models/*.json"))
	if err != nil {
		return nil, err
	}
	without := map[string]bool{}
	for _, path := range models {
		without[filepath.Base(path)] = true
	}
	overlays, err := filepath.Glob(filepath.Join(root, "cmd/mrgen/overlay/*.json"))
	if err != nil {
		return nil, err
	}
	var gens []*gen
	for _, path := range overlays {
		g, err := service(root, path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
		gens = append(gens, g)
		delete(without, g.o.Model)
		delete(without, g.o.Older.Model)
	}
	if len(without) > 0 {
		return nil, fmt.Errorf("models without an overlay: %v", keys(without))
	}
	return gens, nil
}

// service reads one overlay and its model.
func service(root, overlayPath string) (*gen, error) {
	data, err := os.ReadFile(overlayPath)
	if err != nil {
		return nil, err
	}
	o, err := parseOverlay(data)
	if err != nil {
		return nil, err
	}
	if base := strings.TrimSuffix(filepath.Base(overlayPath), ".json"); base != o.ID {
		return nil, fmt.Errorf("the file is that of %s, but it says %s", base, o.ID)
	}
	data, err = os.ReadFile(filepath.Join(root, "models", o.Model))
	if err != nil {
		return nil, err
	}
	m, err := parseModel(data)
	if err == nil {
		err = m.validate()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Model, err)
	}
	if err := o.Older.read(root, m); err != nil {
		return nil, err
	}
	if err := o.apply(m); err != nil {
		return nil, err
	}
	return newGen(m, o, "", "schemas"), nil
}

const indexDoc = `// Package awsapi lists the services whose API is described in its child packages,
// which cmd/mrgen generates. The list is constant.
`

// index makes the list of all services.
func index(gens []*gen, out output) error {
	var b bytes.Buffer
	var imports []string
	b.WriteString("// Services are all services, in the order of their ids.\nvar Services = []*api.Service{\n")
	for _, g := range gens {
		fmt.Fprintf(&b, "%sapi.Service,\n", g.o.ID)
		imports = append(imports, fmt.Sprintf("%sapi %q", g.o.ID, module+"/internal/awsapi/"+g.o.ID))
	}
	b.WriteString("}\n")
	return out.goFile("internal/awsapi/awsapi.gen.go", "models", "awsapi", indexDoc, b.Bytes(), imports...)
}

// files writes a service's package.
func (g *gen) files(out output) error {
	pkg := g.o.ID + "api"
	add := func(name, doc string, write func(*bytes.Buffer) error) error {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			return err
		}
		if b.Len() == 0 {
			return nil
		}
		return out.goFile("internal/awsapi/"+g.o.ID+"/"+name+".gen.go", "models/"+g.o.Model, pkg, doc, b.Bytes())
	}
	plain := func(write func(*bytes.Buffer)) func(*bytes.Buffer) error {
		return func(b *bytes.Buffer) error { write(b); return nil }
	}
	doc := fmt.Sprintf("// Package %s describes %s: the service and its operations\n// as tables. All of it is constant once main starts.\n",
		pkg, g.m.Metadata.ServiceFullName)
	if g.o.Built {
		doc = fmt.Sprintf("// Package %s describes %s: its shapes as Go structures,\n// and the service, its operations and its errors as tables. The tables are constant\n// once main starts; a shape belongs to one goroutine at a time.\n",
			pkg, g.m.Metadata.ServiceFullName)
	}
	parts := []struct {
		name  string
		write func(*bytes.Buffer) error
	}{
		{"operations", plain(g.writeOperations)},
		{"shapes", plain(g.writeStructs)},
		{"enums", plain(g.writeEnums)},
		{"errors", g.writeErrors},
		{"hot", plain(g.writeHot)},
		{"tables", g.writeTable},
		{"bind", plain(g.writeBind)},
	}
	if err := add("service", doc, func(b *bytes.Buffer) error { return g.writeService(b, "Service", g.o.Built) }); err != nil {
		return err
	}
	if !g.o.Built {
		return nil
	}
	for _, p := range parts {
		if err := add(p.name, "", p.write); err != nil {
			return err
		}
	}
	return nil
}
