// Command millrace is the whole product: a server and the tools around it.
package main

import (
	"os"

	"github.com/millrace/millrace/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], cli.Process())) }
