package mismatch

import (
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/api"
)

func TestNew(t *testing.T) {
	tests := []struct {
		want  api.Kind
		found Found
		text  string
	}{
		{api.KindInt, String, "class java.lang.String can not be converted to an Integer"},
		{api.KindString, Number, "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an String"},
		{api.KindString, Bool, "class java.lang.Boolean can not be converted to an String"},
		{api.KindTimestamp, String, "class java.lang.String can not be converted to milliseconds since epoch"},
		{api.KindString, List, "Start of list found where not expected"},
		{api.KindList, Map, "Start of structure or map found where not expected."},
		{api.KindList, String, "Expected list or null"},
		{api.KindMap, Bytes, "Expected map or null"},
		{api.KindStruct, Bool, "Expected null"},
	}
	for _, test := range tests {
		if got := New(test.want, test.found).Message; got != test.text {
			t.Errorf("got %s, want %s", got, test.text)
		}
	}
}

func TestBase64(t *testing.T) {
	const tail = " can not be converted to a Blob: "
	for text, want := range map[string]string{
		"abc":      "'abc'" + tail + "Base64 encoded length is expected a multiple of 4 bytes but found: 3",
		"ab_d":     "'ab_d'" + tail + "Invalid Base64 character: '_'",
		"=abc":     "'=abc'" + tail + "Invalid Base64 character: '='",
		"a===":     "'a==='" + tail + "Invalid Base64 character: '='",
		"aaaé+ ab": "'aaaé+ ab'" + tail + "Base64 encoded length is expected a multiple of 4 bytes but found: 9",
	} {
		if got := Base64(text).Message; got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
}

func TestLongValuesAreCut(t *testing.T) {
	got := Base64(strings.Repeat("é", 5000)).Message
	if len(got) > shown+200 || !strings.HasPrefix(got, "'éé") || !strings.Contains(got, "é...' can not") || !strings.Contains(got, "character: 'é'") {
		t.Errorf("%d bytes: %.100s", len(got), got)
	}
}
