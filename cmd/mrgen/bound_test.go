package main

import (
	"maps"
	"slices"
	"testing"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
	"github.com/millrace/millrace/internal/service/kinesis"
	"github.com/millrace/millrace/internal/service/sqs"
)

// TestCoverageIsBound compares what the coverage page calls built with what Bind
// finds: a method of the wrong form would be named there, yet never called.
func TestCoverageIsBound(t *testing.T) {
	bound := map[string][]api.Handler{"kinesis": kinesisapi.Bind((*kinesis.Service)(nil)), "sqs": sqsapi.Bind((*sqs.Service)(nil))}
	gens, err := services(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range gens {
		named, err := built(root, g)
		if err != nil {
			t.Fatal(err)
		}
		called := map[string]bool{}
		for _, h := range bound[g.o.ID] {
			if h.Call != nil || h.Stream != nil {
				called[h.Name] = true
			}
		}
		if !maps.Equal(named, called) {
			t.Errorf("%s: named %v, bound %v", g.o.ID, slices.Sorted(maps.Keys(named)), slices.Sorted(maps.Keys(called)))
		}
	}
}
