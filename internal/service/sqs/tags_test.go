package sqs

import (
	"strings"
	"testing"
)

func TestCheckTags(t *testing.T) {
	const code = "InvalidParameterValue"
	many := make(map[string]string)
	for _, r := range "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" {
		many[string(r)] = ""
	}
	for _, c := range []struct {
		tags       map[string]string
		code, text string
	}{
		{nil, "", ""},
		{map[string]string{"team": "", "Team": "a", "größe": "ü <&>", "awsome": "x"}, "", ""},
		{map[string]string{strings.Repeat("ü", 128): strings.Repeat("ü", 256)}, "", ""},
		{many, "", ""}, // more than 50 are only advised against
		{map[string]string{"": "x"}, code, "Tag keys must be between 1 and 128 characters in length."},
		{map[string]string{strings.Repeat("k", 129): "x"}, code, "Tag keys must be between 1 and 128 characters in length."},
		{map[string]string{"k": strings.Repeat("v", 257)}, code, "Tag values must be between 0 and 256 characters in length."},
		{map[string]string{"AwS:k": "x"}, code, "Tag keys cannot start with the reserved prefix aws:."},
	} {
		wantError(t, "tags", checkTags(c.tags), c.code, c.text)
	}
}
