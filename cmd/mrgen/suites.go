package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
)

// suiteFolder holds the official protocol cases.
const suiteFolder = "internal/wire/wiretest/testdata/protocol-tests"

// A suite is a small model of one operation and the cases that exercise it.
type suite struct {
	Metadata metadata         `json:"metadata"`
	Shapes   ordered[*shape]  `json:"shapes"`
	Cases    []map[string]any `json:"cases"`
	Endpoint string           `json:"clientEndpoint"`
}

const shapesDoc = `// Package shapes holds the shapes of AWS's official protocol cases, generated as
// the services' shapes are. Suites leads to them: Suites["input/json.json"][3] is
// the operation of the fourth suite in that file, which all of the suite's cases
// share; its NewInput and NewOutput make values to decode into and to encode.
// An error of the operation has its schema, and a structure where it has members
// beyond the message.
//
// No list and no map is sparse: botocore's form has no such trait, and in the
// cases null stands only for members of structures.
`

// suites makes the test shapes for all files of cases.
func suites(root string, out output) error {
	paths, err := filepath.Glob(filepath.Join(root, suiteFolder, "*", "*.json"))
	if err != nil {
		return err
	}
	var index bytes.Buffer
	index.WriteString("// Suites are the operations of the suites, by file and by place in the file.\nvar Suites = map[string][]*api.Operation{\n")
	for _, path := range paths {
		rel, err := filepath.Rel(filepath.Join(root, suiteFolder), path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		fmt.Fprintf(&index, "%q: {", rel)
		if err := suiteFile(path, rel, out, &index); err != nil {
			return fmt.Errorf("%s: %w", rel, err)
		}
		index.WriteString("},\n")
	}
	index.WriteString("}\n")
	return out.goFile("internal/wire/wiretest/shapes/suites.gen.go", suiteFolder, "shapes", shapesDoc, index.Bytes())
}

// suiteFile makes the Go file of one file of cases and adds its operations to
// the index.
func suiteFile(path, rel string, out output, index *bytes.Buffer) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var list []*suite
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&list); err != nil {
		return err
	}
	base := strings.NewReplacer("/", "_", "-", "_", ".json", "").Replace(rel)
	var b bytes.Buffer
	for i, s := range list {
		m, err := s.model()
		if err != nil {
			return fmt.Errorf("suite %d: %w", i, err)
		}
		prefix := enumName("", base)
		prefix = strings.ToLower(prefix[:1]) + prefix[1:] + fmt.Sprint(i)
		o := &overlay{ID: "protocoltest", Action: "protocoltest", Errors: errorOverlay{Client: 400, Fault: 500}}
		g := newGen(m, o, prefix, prefix+"Schemas")
		if err := g.writeService(&b, prefix+"Service", true); err != nil {
			return fmt.Errorf("suite %d: %w", i, err)
		}
		g.writeOperations(&b)
		g.writeStructs(&b)
		if err := g.writeErrors(&b); err != nil {
			return fmt.Errorf("suite %d: %w", i, err)
		}
		if err := g.writeTable(&b); err != nil {
			return fmt.Errorf("suite %d: %w", i, err)
		}
		fmt.Fprintf(index, "%s.Operations[0], ", prefix+"Service")
	}
	return out.goFile("internal/wire/wiretest/shapes/"+base+".gen.go", suiteFolder+"/"+rel, "shapes", "", b.Bytes())
}

// model returns the suite as a model of one operation.
func (s *suite) model() (*model, error) {
	given := s.Cases[0]["given"]
	for _, c := range s.Cases {
		if !reflect.DeepEqual(c["given"], given) {
			return nil, fmt.Errorf("case %v is one of another operation than the first", c["id"])
		}
	}
	name := given.(map[string]any)["name"].(string)
	data, err := json.Marshal(map[string]any{"operations": map[string]any{name: given}})
	if err != nil {
		return nil, err
	}
	m, err := parseModel(data)
	if err != nil {
		return nil, err
	}
	m.Metadata, m.Shapes = s.Metadata, s.Shapes
	return m, m.validate()
}
