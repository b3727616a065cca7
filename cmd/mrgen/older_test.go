package main

import (
	"strings"
	"testing"
)

const olderSmall = `{
	"metadata": {"protocol": "query", "xmlNamespace": "http://small/"},
	"operations": {},
	"shapes": {
		"In": {"type": "structure", "members": {"Name": {"shape": "Name"}, "Tags": {"shape": "Tags"}, "Gone": {"shape": "Name", "locationName": "G"}}},
		"Name": {"type": "string"},
		"Tags": {"type": "map", "key": {"shape": "Name", "locationName": "Key"}, "value": {"shape": "Name", "locationName": "Value"}, "locationName": "Tag", "flattened": true},
		"Names": {"type": "list", "member": {"shape": "Name", "locationName": "Name"}},
		"Bad": {"type": "structure", "members": {}, "exception": true, "error": {"code": "Small.Bad", "httpStatusCode": 409}}
	}
}`

const newerSmall = `{
	"metadata": {"protocol": "json"},
	"operations": {},
	"shapes": {
		"In": {"type": "structure", "members": {"Name": {"shape": "Name"}, "Tags": {"shape": "Tags"}, "New": {"shape": "Names"}}},
		"Name": {"type": "string"},
		"Tags": {"type": "map", "key": {"shape": "Name"}, "value": {"shape": "Name"}, "flattened": true},
		"Names": {"type": "list", "member": {"shape": "Name"}},
		"Younger": {"type": "list", "member": {"shape": "Name"}},
		"Bad": {"type": "structure", "members": {}, "exception": true}
	}
}`

func parsed(t *testing.T, text string) *model {
	t.Helper()
	m, err := parseModel([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestOlderModelNames(t *testing.T) {
	m := parsed(t, newerSmall)
	o := olderModel{Model: "old.json", Elements: map[string]string{"Younger": "Y"}, Reason: "r"}
	if err := o.apply(parsed(t, olderSmall), m); err != nil {
		t.Fatal(err)
	}
	s := m.Shapes.M
	for what, names := range map[string][2]string{
		"a member's, of its map": {s["In"].Members.M["Tags"].xml, "Tag"}, "none": {s["In"].Members.M["Name"].xml, ""}, "a new member's": {s["In"].Members.M["New"].xml, ""},
		"a key's": {s["Tags"].Key.xml, "Key"}, "a value's": {s["Tags"].Value.xml, "Value"}, "an element's": {s["Names"].Member.xml, "Name"},
		"a younger element's": {s["Younger"].Member.xml, "Y"}, "the namespace's": {m.Metadata.XMLNamespace.URI, "http://small/"},
	} {
		if names[0] != names[1] {
			t.Errorf("%s name is %q, want %q", what, names[0], names[1])
		}
	}
	if e := s["Bad"].Error; e == nil || e.Code != "Small.Bad" || e.HTTPStatusCode != 409 {
		t.Errorf("the error is %+v", e)
	}
}

func TestOlderModelIsRefused(t *testing.T) {
	for name, o := range map[string]olderModel{
		"no reason":       {Model: "old.json"},
		"is no list":      {Model: "old.json", Elements: map[string]string{"In": "Y"}, Reason: "r"},
		"names its elem":  {Model: "old.json", Elements: map[string]string{"Names": "Y"}, Reason: "r"},
		"is no list, or ": {Model: "old.json", Elements: map[string]string{"Missing": "Y"}, Reason: "r"},
	} {
		if err := o.apply(parsed(t, olderSmall), parsed(t, newerSmall)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if err := (&olderModel{Model: "old.json", Reason: "r"}).apply(parsed(t, olderSmall), parsed(t, olderSmall)); err == nil {
		t.Error("a model with Query of its own takes another's names")
	}
}
