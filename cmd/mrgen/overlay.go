package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// An overlay holds what a service's model lacks. Every entry that is a judgement
// of ours carries its reason. Unknown keys, names that the model does not have
// and missing facts fail the generation.
type overlay struct {
	ID     string `json:"id"`     // the folder's name under internal/awsapi and internal/service
	Model  string `json:"model"`  // the file under models
	Action string `json:"action"` // what stands before the colon of the service's IAM actions
	Built  bool   `json:"built"`  // shapes are generated

	// Protocols that the service speaks beside those of the model.
	Protocols []struct {
		Name   string `json:"name"`
		Reason string `json:"reason"`
	} `json:"protocols"`

	// Older is a model from before the service's protocols changed.
	Older olderModel `json:"older"`

	// Validates says why the service checks constraints itself; empty: the edge
	// does, in the words that most services share.
	Validates string `json:"validates"`

	// UnknownAction is Query's answer to the name of an operation that the service
	// does not have, with %s for the name.
	UnknownAction struct {
		Text   string `json:"text"`
		Reason string `json:"reason"`
	} `json:"unknownAction"`

	// Actions are the IAM actions that are not the operation's name.
	Actions struct {
		Names  map[string]string `json:"names"`
		Reason string            `json:"reason"`
	} `json:"actions"`

	Errors     errorOverlay                  `json:"errors"`
	Operations map[string]operationOverlay   `json:"operations"`
	Shapes     map[string]constraintsOverlay `json:"shapes"`
}

type errorOverlay struct {
	Client   int                   `json:"client"` // status of errors for which the model has none
	Fault    int                   `json:"fault"`  // status of faults for which the model has none
	Throttle []string              `json:"throttle"`
	Codes    map[string]errorFacts `json:"codes"` // by shape
	// Beside are errors that the service answers with and its model does not have.
	Beside map[string]errorFacts `json:"beside"`
	// Namespace stands before the names of errors in JSON; empty: nothing does.
	Namespace string `json:"namespace"`
	Reason    string `json:"reason"`
}

type errorFacts struct {
	Code     string `json:"code"` // in Query and XML
	Status   int    `json:"status"`
	Fault    bool   `json:"-"`
	Throttle bool   `json:"-"`
}

type operationOverlay struct {
	Hot       bool   `json:"hot"`       // values are pooled
	Alias     bool   `json:"alias"`     // the decoded input aliases the request's buffer
	Anonymous bool   `json:"anonymous"` // a resource's policy may let callers in who do not sign
	Reason    string `json:"reason"`
}

// constraintsOverlay replaces the constraints of a shape: what is given counts
// instead of what the model has; Drop names those that are lifted.
type constraintsOverlay struct {
	Min     *json.Number `json:"min"`
	Max     *json.Number `json:"max"`
	Pattern string       `json:"pattern"`
	Enum    []string     `json:"enum"`
	Drop    []string     `json:"drop"`
	Matcher string       `json:"matcher"` // the function of internal/awsapi/match that decides a pattern beyond RE2
	Loose   bool         `json:"loose"`   // a map of strings, of which JSON may have numbers
	Reason  string       `json:"reason"`
}

func parseOverlay(data []byte) (*overlay, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	o := new(overlay)
	if err := d.Decode(o); err != nil {
		return nil, err
	}
	if o.ID == "" || o.Model == "" || o.Action == "" {
		return nil, fmt.Errorf("id, model and action must be given")
	}
	return o, nil
}

// apply checks the overlay against the model and changes the model's facts.
func (o *overlay) apply(m *model) error {
	for _, p := range o.Protocols {
		if protocols[p.Name] == "" || p.Reason == "" {
			return fmt.Errorf("protocol %q: unknown, or no reason given", p.Name)
		}
	}
	if u := o.UnknownAction; u.Text != "" && (u.Reason == "" || strings.Count(u.Text, "%") != 1 || !strings.Contains(u.Text, "%s")) {
		return fmt.Errorf("unknownAction: no reason given, or not one %%s in the text")
	}
	if err := o.checkErrors(m); err != nil {
		return fmt.Errorf("errors: %w", err)
	}
	if err := o.checkOperations(m); err != nil {
		return err
	}
	for name, c := range o.Shapes {
		s := m.Shapes.M[name]
		if s == nil {
			return fmt.Errorf("the model has no shape %s", name)
		}
		if c.Reason == "" {
			return fmt.Errorf("shape %s: no reason given", name)
		}
		if c.Loose && (s.Type != "map" || m.Shapes.M[s.Value.Shape].Type != "string") {
			return fmt.Errorf("shape %s: loose, but no map of strings", name)
		}
		if err := c.apply(s); err != nil {
			return fmt.Errorf("shape %s: %w", name, err)
		}
	}
	return nil
}

func (o *overlay) checkErrors(m *model) error {
	e := o.Errors
	if e.Reason == "" && (e.Client != 0 || e.Fault != 0 || e.Namespace != "" || len(e.Throttle)+len(e.Codes)+len(e.Beside) > 0) {
		return fmt.Errorf("no reason given")
	}
	for name, f := range e.Beside {
		if m.Shapes.M[name] != nil || f.Code == "" || f.Status == 0 {
			return fmt.Errorf("the model has a shape %s, or a fact of it is missing", name)
		}
	}
	for _, name := range slices.Concat(e.Throttle, keys(e.Codes)) {
		if s := m.Shapes.M[name]; s == nil || !s.Exception {
			return fmt.Errorf("the model has no error %s", name)
		}
	}
	return nil
}

func (o *overlay) checkOperations(m *model) error {
	if len(o.Actions.Names) > 0 && o.Actions.Reason == "" {
		return fmt.Errorf("actions: no reason given")
	}
	for _, name := range slices.Concat(keys(o.Actions.Names), keys(o.Operations)) {
		if m.Operations.M[name] == nil {
			return fmt.Errorf("the model has no operation %s", name)
		}
	}
	for name, op := range o.Operations {
		if op.Reason == "" {
			return fmt.Errorf("operation %s: no reason given", name)
		}
		if op.Hot && m.Operations.M[name].Input == nil {
			return fmt.Errorf("operation %s: hot, but it lacks an input", name)
		}
	}
	return nil
}

// changes reports whether values count as valid here that do not in the model,
// or the other way round.
func (c *constraintsOverlay) changes() bool {
	return c.Min != nil || c.Max != nil || c.Pattern != "" || c.Enum != nil || len(c.Drop) > 0
}

func (c *constraintsOverlay) apply(s *shape) error {
	for _, what := range c.Drop {
		switch {
		case what == "min" && s.Min != nil:
			s.Min = nil
		case what == "max" && s.Max != nil:
			s.Max = nil
		case what == "pattern" && s.Pattern != "":
			s.Pattern = ""
		case what == "enum" && s.Enum != nil:
			s.Enum = nil
		default:
			return fmt.Errorf("it has no %s to drop", what)
		}
	}
	if c.Min != nil {
		s.Min = c.Min
	}
	if c.Max != nil {
		s.Max = c.Max
	}
	if c.Pattern != "" {
		s.Pattern = c.Pattern
	}
	if c.Enum != nil {
		s.Enum = c.Enum
	}
	if c.Matcher != "" && s.Pattern == "" {
		return fmt.Errorf("a matcher, but no pattern")
	}
	return nil
}

// errorFacts returns the code and the status of an error, of the model or of
// the overlay; that one of them has a status is needed.
func (o *overlay) errorFacts(name string, s *shape) (errorFacts, error) {
	f := errorFacts{Code: name, Fault: s.Fault, Throttle: slices.Contains(o.Errors.Throttle, name)}
	if s.Error != nil {
		if s.Error.Code != "" {
			f.Code = s.Error.Code
		}
		f.Status = s.Error.HTTPStatusCode
		f.Fault = f.Fault || s.Error.Fault
	}
	f.Throttle = f.Throttle || s.Retryable != nil && s.Retryable.Throttling
	if f.Status == 0 {
		f.Status = o.Errors.Client
		if f.Fault {
			f.Status = o.Errors.Fault
		}
	}
	over := o.Errors.Codes[name]
	if over.Code != "" {
		f.Code = over.Code
	}
	if over.Status != 0 {
		f.Status = over.Status
	}
	if f.Status == 0 {
		return f, fmt.Errorf("error %s: neither the model nor the overlay has its status", name)
	}
	return f, nil
}

func keys[V any](m map[string]V) []string {
	var ks []string
	for k := range m {
		ks = append(ks, k)
	}
	slices.Sort(ks)
	return ks
}
