package config

import (
	"reflect"
	"strings"
)

// Description is what a command line needs to know of one setting.
type Description struct {
	Name, Variable, Default, Help, Placeholder string
	Bool                                       bool
}

// Describe returns the settings that can be flags, in order.
func Describe() []Description {
	var all []Description
	t := reflect.TypeFor[Config]()
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Tag.Get("help") == "" {
			continue
		}
		d := Description{
			Name: f.Tag.Get("name"), Variable: variable(f.Tag.Get("name")), Default: f.Tag.Get("def"),
			Help: f.Tag.Get("help"), Placeholder: f.Tag.Get("placeholder"), Bool: f.Type.Kind() == reflect.Bool,
		}
		if d.Placeholder == "" {
			d.Placeholder = strings.ReplaceAll(f.Tag.Get("enum"), ",", "|")
		}
		all = append(all, d)
	}
	return all
}
