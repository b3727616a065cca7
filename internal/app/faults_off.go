//go:build !faults

package app

import "net/http"

// handleFaults adds what only the binary for tests has.
func handleFaults(*http.ServeMux) {}
