package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// folders are those in which every file with the generator's mark is its own.
var folders = []string{"internal/awsapi", "internal/wire/wiretest/shapes"}

// generate makes all files from what lies under root.
func generate(root string) (output, error) {
	out := output{}
	overlays, err := filepath.Glob(filepath.Join(root, "cmd/mrgen/overlay/*.json"))
	if err != nil {
		return nil, err
	}
	for _, path := range overlays {
		if err := service(root, path, out); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
	}
	return out, suites(root, out)
}

// service makes the files of one service.
func service(root, overlayPath string, out output) error {
	data, err := os.ReadFile(overlayPath)
	if err != nil {
		return err
	}
	o, err := parseOverlay(data)
	if err != nil {
		return err
	}
	if base := strings.TrimSuffix(filepath.Base(overlayPath), ".json"); base != o.ID {
		return fmt.Errorf("the file is that of %s, but it says %s", base, o.ID)
	}
	data, err = os.ReadFile(filepath.Join(root, "models", o.Model))
	if err != nil {
		return err
	}
	m, err := parseModel(data)
	if err == nil {
		err = m.validate()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", o.Model, err)
	}
	if err := o.apply(m); err != nil {
		return err
	}
	return newGen(m, o, "", "schemas").files(out)
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
