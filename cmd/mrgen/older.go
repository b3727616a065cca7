package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// olderModel is the last model of a service in which it spoke Query alone. It has
// what the model of today lacks, although the service still speaks Query: the
// names there, the namespace, and the codes and statuses of errors.
type olderModel struct {
	Model string `json:"model"` // the file under models
	// Elements are the names of the elements of lists that came later, by shape.
	Elements map[string]string `json:"elements"`
	Reason   string            `json:"reason"`
}

// read reads the older model and adds its facts to m.
func (o *olderModel) read(root string, m *model) error {
	if o.Model == "" {
		return nil
	}
	data, err := os.ReadFile(filepath.Join(root, "models", o.Model))
	if err != nil {
		return err
	}
	old, err := parseModel(data)
	if err == nil {
		err = old.validate()
	}
	if err == nil {
		err = o.apply(old, m)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", o.Model, err)
	}
	return nil
}

func (o *olderModel) apply(old, m *model) error {
	if o.Reason == "" || m.Metadata.XMLNamespace.URI != "" {
		return fmt.Errorf("no reason given, or the newer model is one of Query too")
	}
	m.Metadata.XMLNamespace = old.Metadata.XMLNamespace
	for name, was := range old.Shapes.M {
		s := m.Shapes.M[name]
		if s == nil || s.Type != was.Type {
			continue // a scalar under another name
		}
		if s.Error == nil {
			s.Error = was.Error
		}
		for k, r := range was.Members.M {
			old.nameXML(s.Members.M[k], r)
		}
		old.nameXML(s.Member, was.Member)
		old.nameXML(s.Key, was.Key)
		old.nameXML(s.Value, was.Value)
	}
	for name, element := range o.Elements {
		s := m.Shapes.M[name]
		if s == nil || s.Member == nil || s.Member.xml != "" {
			return fmt.Errorf("shape %s is no list, or the older model names its elements", name)
		}
		s.Member.xml = element
	}
	return nil
}

// nameXML gives a reference the name that it had: its own, or that of the list or
// map that it leads to.
func (m *model) nameXML(to, was *ref) {
	if to == nil || was == nil {
		return
	}
	if to.xml = was.LocationName; to.xml == "" {
		if s := m.Shapes.M[was.Shape]; s.Type != "structure" {
			to.xml = s.LocationName
		}
	}
}
