package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// document is a configuration file, parsed but not yet understood.
type document struct {
	path   string
	values map[string]ast.Node
	lines  map[string]int
	order  []string
}

func readFile(path string) (*document, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	parsed, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %s", path, yaml.FormatError(err, false, true))
	}
	d := &document{path: path, values: map[string]ast.Node{}, lines: map[string]int{}}
	for _, doc := range parsed.Docs {
		switch body := doc.Body.(type) {
		case nil, *ast.NullNode, *ast.CommentGroupNode:
		case *ast.MappingNode:
			for _, entry := range body.Values {
				d.add(entry)
			}
		case *ast.MappingValueNode:
			d.add(body)
		default:
			return nil, fmt.Errorf("%s: must be a mapping of settings, such as \"listen: 127.0.0.1:4566\"", path)
		}
	}
	return d, nil
}

func (d *document) add(entry *ast.MappingValueNode) {
	key := entry.Key.GetToken().Value
	d.values[key] = entry.Value
	d.lines[key] = entry.Key.GetToken().Position.Line
	d.order = append(d.order, key)
}

// origin names the place of a key in the file, or "" where it is not there.
func (d *document) origin(key string) string {
	if d.values[key] == nil {
		return ""
	}
	return fmt.Sprintf("%s:%d", filepath.Base(d.path), d.lines[key])
}

// unknown returns an error that names the keys that are no settings.
func (d *document) unknown(fields []field) error {
	var names []string
	known := map[string]bool{}
	for _, f := range fields {
		names = append(names, f.name)
		known[f.name] = true
	}
	var errs []error
	for _, key := range d.order {
		if !known[key] {
			errs = append(errs, fmt.Errorf("%s: %q is not a setting%s", d.origin(key), key, didYouMean(key, names)))
		}
	}
	return errors.Join(errs...)
}

// text returns a scalar as it is written, or a list of scalars joined by commas.
func (d *document) text(key string) (text string, ok bool, err error) {
	node := d.values[key]
	if node == nil {
		return "", false, nil
	}
	switch n := node.(type) {
	case *ast.NullNode:
		return "", false, nil
	case *ast.SequenceNode:
		var items []string
		for _, v := range n.Values {
			item, ok := scalar(v)
			if !ok {
				return "", true, fmt.Errorf("%s: %s must be a list of plain values", d.origin(key), key)
			}
			items = append(items, item)
		}
		return strings.Join(items, ","), true, nil
	}
	if text, ok = scalar(node); !ok {
		return "", true, fmt.Errorf("%s: %s must be one plain value", d.origin(key), key)
	}
	return text, true, nil
}

func scalar(node ast.Node) (string, bool) {
	switch n := node.(type) {
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.StringNode:
		return n.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// accounts reads the list of further accounts, and their secrets where those
// are in files of their own.
func (d *document) accounts() ([]Account, error) {
	node := d.values["accounts"]
	if node == nil {
		return nil, nil
	}
	var rows []struct {
		ID                  string `yaml:"id"`
		AccessKeyID         string `yaml:"access-key-id"`
		SecretAccessKey     string `yaml:"secret-access-key"`
		SecretAccessKeyFile string `yaml:"secret-access-key-file"`
	}
	if err := yaml.NodeToValue(node, &rows, yaml.Strict()); err != nil {
		// Without the source: it may show a secret.
		return nil, fmt.Errorf("%s: accounts must be a list of id, access-key-id and secret-access-key or secret-access-key-file: %s",
			d.origin("accounts"), firstLine(yaml.FormatError(err, false, false)))
	}
	accounts := make([]Account, len(rows))
	for i, r := range rows {
		a := Account{ID: r.ID, AccessKeyID: r.AccessKeyID, SecretAccessKey: r.SecretAccessKey}
		if r.SecretAccessKeyFile != "" {
			if a.SecretAccessKey != "" {
				return nil, fmt.Errorf("account %s has both secret-access-key and secret-access-key-file", a.ID)
			}
			text, err := os.ReadFile(r.SecretAccessKeyFile)
			if err != nil {
				return nil, fmt.Errorf("secret of account %s: %w", a.ID, err)
			}
			a.SecretAccessKey = strings.TrimSpace(string(text))
		}
		accounts[i] = a
	}
	return accounts, nil
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
