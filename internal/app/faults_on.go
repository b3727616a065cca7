//go:build faults

package app

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/millrace/millrace/internal/base/fault"
)

// handleFaults adds what only the binary for tests has: its clock and its fault
// points.
func handleFaults(m *http.ServeMux) {
	m.HandleFunc("POST /_millrace/faults/clock", func(w http.ResponseWriter, r *http.Request) {
		d, err := time.ParseDuration(r.URL.Query().Get("move"))
		if err != nil {
			answer(w, http.StatusBadRequest, err.Error())
			return
		}
		fault.MoveClock(d)
		answer(w, http.StatusOK, fault.Clock().Now().UTC().Format(time.RFC3339Nano))
	})
	m.HandleFunc("POST /_millrace/faults/arm", func(w http.ResponseWriter, r *http.Request) {
		if err := fault.Arm(r.URL.Query().Get("points")); err != nil {
			answer(w, http.StatusBadRequest, err.Error())
			return
		}
		answer(w, http.StatusOK, "armed")
	})
	m.HandleFunc("GET /_millrace/faults/points", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(fault.Passed()) // the client may be gone
	})
}
