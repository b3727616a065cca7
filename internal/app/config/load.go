package config

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/base/nearest"
)

// Sources are where values come from.
type Sources struct {
	Flags map[string]string // name without dashes → what was given; lists joined by commas
	Env   []string          // as os.Environ gives it
	File  string            // path of the YAML file; "" for none
}

// field is one setting of a Config, by its tags.
type field struct {
	name, def string
	enum      []string
	value     reflect.Value
}

func fieldsOf(c *Config) []field {
	v := reflect.ValueOf(c).Elem()
	var fields []field
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag
		f := field{name: tag.Get("name"), def: tag.Get("def"), value: v.Field(i)}
		if e := tag.Get("enum"); e != "" {
			f.enum = strings.Split(e, ",")
		}
		fields = append(fields, f)
	}
	return fields
}

// variable is the name of the setting's environment variable.
func variable(name string) string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// Load returns the configuration in effect and where each value is from. The
// error names the setting, its origin and what would be right; several are
// joined.
func Load(src Sources) (*Config, []Setting, error) {
	c := &Config{}
	file := &document{}
	if src.File != "" {
		var err error
		if file, err = readFile(src.File); err != nil {
			return nil, nil, err
		}
	}
	env, err := variables(src.Env, fieldsOf(c))
	errs := []error{err, file.unknown(fieldsOf(c))}

	var settings []Setting
	for _, f := range fieldsOf(c) {
		if f.name == "accounts" {
			var err error
			c.Accounts, err = file.accounts()
			errs = append(errs, err)
			if origin := file.origin("accounts"); origin != "" {
				settings = append(settings, Setting{f.name, fmt.Sprintf("%d accounts", len(c.Accounts)), origin})
			}
			continue
		}
		text, origin := f.def, "default"
		if v, ok, err := file.text(f.name); ok || err != nil {
			errs = append(errs, err)
			text, origin = v, file.origin(f.name)
		}
		if v, ok := env[variable(f.name)]; ok {
			text, origin = v, variable(f.name)
		}
		if v, ok := src.Flags[f.name]; ok {
			text, origin = v, "flag --"+f.name
		}
		if err := f.set(text); err != nil {
			errs = append(errs, fmt.Errorf("%s (%s): %w", f.name, origin, err))
		}
		settings = append(settings, Setting{f.name, f.print(), origin})
	}
	if err := errors.Join(errs...); err != nil {
		return nil, settings, err
	}
	return c, settings, c.validate()
}

// variables picks the settings out of the environment. Other variables that
// begin alike are refused, but for those of the credentials, of the fault
// binary, of the tests, and those that Kubernetes makes for a service of our name.
func variables(environ []string, fields []field) (map[string]string, error) {
	var names []string
	for _, f := range fields {
		if f.name != "accounts" {
			names = append(names, variable(f.name))
		}
	}
	found := map[string]string{}
	var errs []error
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		switch {
		case !strings.HasPrefix(name, EnvPrefix):
		case slices.Contains(names, name):
			found[name] = value
		case name == "MILLRACE_ROOT_ACCESS_KEY_ID", name == "MILLRACE_ROOT_SECRET_ACCESS_KEY", name == "MILLRACE_CONFIG",
			strings.HasPrefix(name, "MILLRACE_FAULT"), strings.HasPrefix(name, "MILLRACE_TEST_"),
			name == "MILLRACE_PORT", strings.HasPrefix(name, "MILLRACE_PORT_"), strings.HasPrefix(name, "MILLRACE_SERVICE_"):
		default:
			errs = append(errs, fmt.Errorf("environment: %s is not a setting%s", name, didYouMean(name, names)))
		}
	}
	return found, errors.Join(errs...)
}

// didYouMean returns the second half of an error about an unknown name.
func didYouMean(name string, known []string) string {
	if near := nearest.Find(name, known); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

// set parses text into the field.
func (f field) set(text string) error {
	if f.enum != nil && !slices.Contains(f.enum, text) {
		return fmt.Errorf("%q is none of %s%s", text, strings.Join(f.enum, ", "), didYouMean(text, f.enum))
	}
	switch p := f.value.Addr().Interface().(type) {
	case encoding.TextUnmarshaler:
		return p.UnmarshalText([]byte(text))
	case *string:
		*p = text
	case *[]string:
		for item := range strings.SplitSeq(text, ",") {
			if item = strings.TrimSpace(item); item != "" {
				*p = append(*p, item)
			}
		}
	case *bool:
		v, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", text)
		}
		*p = v
	case *int:
		v, err := strconv.Atoi(text)
		if err != nil || v < 0 {
			return fmt.Errorf("%q is not a whole number from 0 on", text)
		}
		*p = v
	case *time.Duration:
		v, err := time.ParseDuration(text)
		if err != nil || v < 0 {
			return fmt.Errorf("%q is not a duration, such as 500ms or 2m", text)
		}
		*p = v
	default:
		panic("config: no parser for " + f.name)
	}
	return nil
}

// print shows the field as it would be given.
func (f field) print() string {
	if list, ok := f.value.Interface().([]string); ok {
		return strings.Join(list, ",")
	}
	return fmt.Sprint(f.value.Interface())
}
