package xmltext_test

import (
	"encoding/xml"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/wire/xmltext"
)

func TestEscapes(t *testing.T) {
	for text, want := range map[string]string{
		"plain é 世 𝄞":      "plain é 世 𝄞",
		`<a b="c">&'`:      "&lt;a b=&quot;c&quot;&gt;&amp;'",
		"\t\r\n":           "&#x9;&#xD;&#xA;",
		"a\x00b\x1fc":      "a\uFFFDb\uFFFDc",
		"\xff\xed\xa0\x80": "\uFFFD\uFFFD\uFFFD\uFFFD",
		"\uFFFD\uFFFE":     "\uFFFD\uFFFD",
		"]]>":              "]]&gt;",
	} {
		if got := string(xmltext.AppendEscaped(nil, text)); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// What a parser reads is what was written, but for what XML cannot hold.
func FuzzEscapes(f *testing.F) {
	f.Add("<a>&\"'\r\n\t]]>\x00\xff\uFFFE")
	f.Fuzz(func(t *testing.T, text string) {
		want := strings.Map(func(r rune) rune {
			if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
				return 0xFFFD
			}
			return r
		}, text)
		var got struct {
			Text string `xml:",chardata"`
		}
		if err := xml.Unmarshal(xmltext.AppendText(nil, "a", text), &got); err != nil || got.Text != want {
			t.Errorf("%q: got %q, %v", text, got.Text, err)
		}
	})
}
