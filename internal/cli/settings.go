package cli

import (
	"errors"
	"reflect"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/millrace/millrace/internal/app/config"
)

// settings are the flags of every setting of a server. They are made from
// config's descriptions; only those that were given have a value, the rest is
// for config.Load to find.
type settings struct {
	Config string `name:"config" placeholder:"FILE" help:"YAML file with the same settings as keys (MILLRACE_CONFIG)."`
	kong.Plugins
}

func (s *settings) withFlags() {
	var fields []reflect.StructField
	for i, d := range config.Describe() {
		f := reflect.StructField{Name: "F" + strconv.Itoa(i), Type: reflect.TypeFor[*string]()}
		help := d.Help + " [" + d.Variable
		if d.Default != "" && !d.Bool {
			help += ", default " + d.Default
		}
		tag := []string{`name:"` + d.Name + `"`, "help:" + strconv.Quote(help+"]")}
		if d.Bool {
			f.Type = reflect.TypeFor[*bool]()
			tag = append(tag, `negatable:""`)
		} else {
			tag = append(tag, "placeholder:"+strconv.Quote(d.Placeholder))
		}
		f.Tag = reflect.StructTag(strings.Join(tag, " "))
		fields = append(fields, f)
	}
	s.Plugins = kong.Plugins{reflect.New(reflect.StructOf(fields)).Interface()}
}

// given returns the flags that were given.
func (s *settings) given() map[string]string {
	flags := map[string]string{}
	v := reflect.ValueOf(s.Plugins[0]).Elem()
	for i, d := range config.Describe() {
		switch p := v.Field(i).Interface().(type) {
		case *string:
			if p != nil {
				flags[d.Name] = *p
			}
		case *bool:
			if p != nil {
				flags[d.Name] = strconv.FormatBool(*p)
			}
		}
	}
	return flags
}

// load returns the configuration in effect.
func (s *settings) load(e *Env) (*config.Config, []config.Setting, error) {
	return load(e, s.Config, s.given())
}

func load(e *Env, file string, flags map[string]string) (*config.Config, []config.Setting, error) {
	if file == "" {
		file = e.Getenv("MILLRACE_CONFIG")
	}
	c, origin, err := config.Load(config.Sources{Flags: flags, Env: e.Environ, File: file})
	if err != nil {
		lines := strings.Split(err.Error(), "\n")
		return nil, nil, &exitError{errors.New(strings.Join(lines, "\n       ")), exitUsage}
	}
	return c, origin, nil
}

// dataFlags are for commands that only need to find the data directory.
type dataFlags struct {
	Data   *string `placeholder:"DIR" help:"The data directory [MILLRACE_DATA, default ./millrace-data]."`
	Config string  `placeholder:"FILE" help:"YAML file that names it (MILLRACE_CONFIG)."`
}

func (f *dataFlags) load(e *Env) (*config.Config, error) {
	flags := map[string]string{}
	if f.Data != nil {
		flags["data"] = *f.Data
	}
	c, _, err := load(e, f.Config, flags)
	return c, err
}
