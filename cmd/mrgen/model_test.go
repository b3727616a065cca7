package main

import (
	"slices"
	"strings"
	"testing"
)

func TestParseModelKeepsOrder(t *testing.T) {
	m, err := parseModel([]byte(`{"shapes": {"S": {"type": "structure", "members": {"z": {"shape": "T"}, "a": {"shape": "T"}, "m": {"shape": "T"}}}, "T": {"type": "string"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Shapes.M["S"].Members.Keys; !slices.Equal(got, []string{"z", "a", "m"}) {
		t.Errorf("members: %v", got)
	}
}

func TestModelIsRefused(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"unknown key", `{"shapes": {"S": {"type": "string", "novel": true}}}`, "novel"},
		{"no object", `{"shapes": [1]}`, "object"},
		{"twice", `{"shapes": {"S": {"type": "string"}, "S": {"type": "string"}}}`, "twice"},
		{"no shape", `{"shapes": {"S": {"type": "structure", "members": {"a": {"shape": "X"}}}}}`, "not there"},
		{"no element", `{"shapes": {"S": {"type": "list"}}}`, "not there"},
		{"list of itself", `{"shapes": {"S": {"type": "list", "member": {"shape": "S"}}}}`, "itself"},
		{"required", `{"shapes": {"S": {"type": "structure", "required": ["a"]}}}`, "requires a"},
		{"payload", `{"shapes": {"S": {"type": "structure", "payload": "a"}}}`, "payload"},
		{"operation", `{"operations": {"Op": {"name": "Op", "input": {"shape": "X"}}}}`, "no shape X"},
	} {
		m, err := parseModel([]byte(test.text))
		if err == nil {
			err = m.validate()
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
}

func TestNames(t *testing.T) {
	for _, test := range []struct{ got, want string }{
		{enumName("StreamStatus", "ACTIVE"), "StreamStatusActive"},
		{enumName("ShardIteratorType", "AT_SEQUENCE_NUMBER"), "ShardIteratorTypeAtSequenceNumber"},
		{enumName("MetricsName", "IncomingBytes"), "MetricsNameIncomingBytes"},
		{enumName("Region", "us-east-1"), "RegionUsEast1"},
		{enumName("Event", "s3:ObjectCreated:*"), "EventS3ObjectCreated"},
		{fieldName("streamName"), "StreamName"},
		{fieldName("Schema"), "SchemaValue"},
		{exported("a-b"), "A_b"},
	} {
		if test.got != test.want {
			t.Errorf("got %s, want %s", test.got, test.want)
		}
	}
	got := enumNames("E", []string{"a", "A", "*", "a_"}, map[string]bool{"EA": true})
	if want := []string{"EA_2", "EA_3", "E_2", "EA_4"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
