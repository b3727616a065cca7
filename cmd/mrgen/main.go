// Command mrgen generates internal/awsapi from the models of AWS's APIs under
// models and the overlays beside it. It is run at the repository's root:
//
//	go run ./cmd/mrgen
//
// The same models, overlays and services always make the same files.
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
