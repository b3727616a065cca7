// Package obs is how a server tells what it does: its log and its metrics.
//
// It adapts Prometheus to the few words that other packages use (the edge's
// requests, the store's syncs, a service's records), so that none of them knows
// Prometheus. Invariants: no label takes values that a caller chooses without a
// bound on their number ([limit]); the log shows no secrets.
//
// Everything is safe for concurrent use, and what is called on hot paths neither
// allocates nor formats once its series exists.
package obs
