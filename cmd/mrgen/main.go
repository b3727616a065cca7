// Command mrgen generates from the models of AWS's APIs (models) and from the
// overlays beside it (cmd/mrgen/overlay), which hold what the models lack:
//
//   - internal/awsapi/<service>: for a service that is built, its shapes as Go
//     structures and its tables; for the others the tables alone
//   - internal/wire/wiretest/shapes: the shapes of the official protocol cases
//   - docs/coverage.md: which operations are built, found in internal/service
//   - docs/divergences/<service>-constraints.md: constraints that are not the
//     model's, where an overlay has any
//
// It is run at the repository's root, as go run ./cmd/mrgen, and always makes the
// same of the same. To build a service, set "built" in its overlay and give what
// the generator then asks for: the statuses of errors, matchers for patterns that
// RE2 cannot express (internal/awsapi/match). The package in internal/service
// then only has to have methods of the form that Bind looks for.
package main

import (
	"flag"
	"fmt"
	"os"
)

const module = "github.com/millrace/millrace"

func main() {
	root := flag.String("root", ".", "the repository's root")
	flag.Parse()
	if err := run(*root); err != nil {
		fmt.Fprintln(os.Stderr, "mrgen:", err)
		os.Exit(1)
	}
}

func run(root string) error {
	out, err := generate(root)
	if err != nil {
		return err
	}
	return out.write(root, folders)
}
