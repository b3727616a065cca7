package kinesis

import (
	"fmt"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

func TestTagsOfStreamsAndConsumers(t *testing.T) {
	h := newHarness(t)
	h.create("s", 1)
	c, err := h.tryRegister("s", "c")
	h.must(err)
	for _, arn := range []string{streamARN("s"), c.ConsumerARN.V} {
		tag := func(tags map[string]string) error {
			return h.TagResource(h.call(kinesisapi.OpTagResource), &kinesisapi.TagResourceInput{ResourceARN: api.Some(arn), Tags: tags})
		}
		list := func() string {
			out := new(kinesisapi.ListTagsForResourceOutput)
			h.must(h.ListTagsForResource(h.call(kinesisapi.OpListTagsForResource), &kinesisapi.ListTagsForResourceInput{ResourceARN: api.Some(arn)}, out))
			var b strings.Builder
			for _, t := range out.Tags {
				fmt.Fprint(&b, t.Key.V, "=", t.Value.V, " ")
			}
			return b.String()
		}
		h.must(tag(map[string]string{"b": "2", "a": "1"}))
		h.must(tag(map[string]string{"b": "3"}))
		if got := list(); got != "a=1 b=3 " {
			t.Errorf("%s has %q", arn, got)
		}
		h.wantCode(tag(map[string]string{"aws:x": "1"}), "InvalidArgumentException")
		many := map[string]string{}
		for i := range maxTags - 1 {
			many[fmt.Sprint("k", i)] = ""
		}
		h.wantCode(tag(many), "InvalidArgumentException")
		h.must(h.UntagResource(h.call(kinesisapi.OpUntagResource), &kinesisapi.UntagResourceInput{ResourceARN: api.Some(arn), TagKeys: []string{"a", "none"}}))
		if got := list(); got != "b=3 " {
			t.Errorf("%s has %q", arn, got)
		}
	}
	h.must(h.AddTagsToStream(h.call(kinesisapi.OpAddTagsToStream), &kinesisapi.AddTagsToStreamInput{StreamName: api.Some("s"), Tags: map[string]string{"c": "4"}}))
	out := new(kinesisapi.ListTagsForStreamOutput)
	in := &kinesisapi.ListTagsForStreamInput{StreamName: api.Some("s"), Limit: api.Some(int32(1))}
	h.must(h.ListTagsForStream(h.call(kinesisapi.OpListTagsForStream), in, out))
	if len(out.Tags) != 1 || out.Tags[0].Key.V != "b" || !out.HasMoreTags.V {
		t.Errorf("the first page: %+v", out)
	}
	in.ExclusiveStartTagKey = api.Some("b")
	h.must(h.ListTagsForStream(h.call(kinesisapi.OpListTagsForStream), in, out))
	if len(out.Tags) != 1 || out.Tags[0].Key.V != "c" || out.HasMoreTags.V {
		t.Errorf("the second page: %+v", out)
	}
}

func TestResourcePolicies(t *testing.T) {
	h := newHarness(t)
	h.create("s", 1)
	arn := streamARN("s")
	get := func() string {
		out := new(kinesisapi.GetResourcePolicyOutput)
		h.must(h.GetResourcePolicy(h.call(kinesisapi.OpGetResourcePolicy), &kinesisapi.GetResourcePolicyInput{ResourceARN: api.Some(arn)}, out))
		return out.Policy.V
	}
	put := func(policy string) error {
		return h.PutResourcePolicy(h.call(kinesisapi.OpPutResourcePolicy), &kinesisapi.PutResourcePolicyInput{ResourceARN: api.Some(arn), Policy: api.Some(policy)})
	}
	remove := func() error {
		return h.DeleteResourcePolicy(h.call(kinesisapi.OpDeleteResourcePolicy), &kinesisapi.DeleteResourcePolicyInput{ResourceARN: api.Some(arn)})
	}
	if got := get(); got != "{}" {
		t.Errorf("no policy is shown as %q", got)
	}
	h.wantCode(remove(), "ResourceNotFoundException")
	statement := func(resource string) string {
		return `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kinesis:PutRecord","Resource":` + resource + `}]}`
	}
	own := `"` + arn + `"`
	good := statement(own)
	for _, bad := range []string{
		"", "x", "{}", `{"Statement":[]}`,
		statement(`[]`), statement(`"` + streamARN("other") + `"`), statement(`["*","` + streamARN("other") + `"]`), strings.Replace(good, "Allow", "Perhaps", 1),
		strings.Replace(good, `"Effect":"Allow",`, "", 1), strings.Replace(good, "Principal", "Principle", 1), strings.Replace(good, "Action", "Reaction", 1),
		strings.Replace(good, "}]", `}],"Id":"`+strings.Repeat("x", maxPolicyBytes)+`"`, 1),
	} {
		h.wantCode(put(bad), "InvalidArgumentException")
	}
	for _, good := range []string{
		good, statement(`"*"`), statement(`[` + own + `,"arn:aws:kinesis:*:stream/?"]`),
		strings.NewReplacer("Principal", "NotPrincipal", "Action", "NotAction").Replace(good),
	} {
		h.must(put(good))
		if got := get(); got != good {
			t.Errorf("got %q", got)
		}
	}
	h.must(remove())
	if got := get(); got != "{}" {
		t.Errorf("a removed policy is shown as %q", got)
	}

	// What is not at rest takes no policy.
	c, err := h.tryRegister("s", "c")
	h.must(err)
	h.must(h.split("s", "0", "2"))
	for _, arn = range []string{c.ConsumerARN.V, arn} {
		h.wantCode(put(statement(`"*"`)), "ResourceInUseException")
		h.wantCode(remove(), "ResourceInUseException")
	}
	h.settle("s")
	h.must(put(good))
	arn = c.ConsumerARN.V
	h.must(put(statement(`"*"`)))
	h.must(remove())
}

func TestPatternsOfPolicies(t *testing.T) {
	for _, x := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true}, {"", "a", false}, {"a", "", false}, {"*", "", true}, {"*", "a:b/c", true}, {"**", "", true},
		{"?", "", false}, {"?", "a", true}, {"?", "ab", false}, {"a*c", "abbc", true}, {"a*c", "abcb", false},
		{"a*b*c", "a-b-b-c", true}, {"*ab", "aab", true}, {"a?c*", "abc", true}, {"a.c", "abc", false},
		{strings.Repeat("a*", 100) + "b", strings.Repeat("a", 1000), false}, // in its time
	} {
		if got := matches(x.pattern, x.s); got != x.want {
			t.Errorf("%q matches %q: %v", x.pattern, x.s, got)
		}
	}
}
