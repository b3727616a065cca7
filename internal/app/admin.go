package app

import (
	"encoding/json"
	"net/http"
	"net/http/pprof"
	"path/filepath"
)

// adminHandler serves what is under /_millrace/ beside health, ready and
// version. The edge lets in who may read; what changes something asks for the
// root key of the default account itself, from this machine too, since a web page
// in a browser can make a request to it.
func (a *App) adminHandler() http.Handler {
	m := http.NewServeMux()
	m.Handle("GET /_millrace/metrics", a.metrics.Handler())
	m.HandleFunc("POST /_millrace/backup", a.rootOnly(a.serveBackup))
	m.HandleFunc("POST /_millrace/clock/accept", a.rootOnly(a.serveClockAccept))
	a.routeQueues(m)
	if a.config.Pprof {
		m.HandleFunc("GET /_millrace/pprof/", func(w http.ResponseWriter, r *http.Request) {
			// The index links to its neighbours and strips its own prefix.
			http.StripPrefix("/_millrace/pprof/", http.HandlerFunc(servePprof)).ServeHTTP(w, r)
		})
	}
	handleFaults(m)
	return m
}

func servePprof(w http.ResponseWriter, r *http.Request) {
	switch name := r.URL.Path; name {
	case "":
		r.URL.Path = "/debug/pprof/"
		pprof.Index(w, r)
	case "cmdline":
		pprof.Cmdline(w, r)
	case "profile":
		pprof.Profile(w, r)
	case "symbol":
		pprof.Symbol(w, r)
	case "trace":
		pprof.Trace(w, r)
	default:
		pprof.Handler(name).ServeHTTP(w, r)
	}
}

// rootOnly asks for the root key by HTTP's basic authentication.
func (a *App) rootOnly(f http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		key, secret, ok := r.BasicAuth()
		if !ok || key != a.root.AccessKeyID || !a.auth.Knows(key, secret) {
			answer(w, http.StatusUnauthorized, "this needs the root key of the default account")
			return
		}
		f(w, r)
	}
}

func (a *App) serveBackup(w http.ResponseWriter, r *http.Request) {
	dir := r.URL.Query().Get("dir")
	if !filepath.IsAbs(dir) {
		answer(w, http.StatusBadRequest, "dir must be an absolute path on the server's machine")
		return
	}
	b, ok := a.store.(backuper)
	if !ok {
		answer(w, http.StatusNotImplemented, "this storage engine makes no backups")
		return
	}
	a.logger.Info("backup begins", "dir", dir)
	if err := b.Backup(r.Context(), dir); err != nil {
		a.logger.Error("backup failed", "dir", dir, "error", err)
		answer(w, http.StatusInternalServerError, explain(err).Error())
		return
	}
	a.logger.Info("backup is complete", "dir", dir)
	answer(w, http.StatusOK, "backup is complete: "+dir)
}

func (a *App) serveClockAccept(w http.ResponseWriter, r *http.Request) {
	c, ok := a.store.(clockAccepter)
	if !ok {
		answer(w, http.StatusNotImplemented, "this storage engine does not watch the clock")
		return
	}
	if err := c.AcceptClock(r.Context()); err != nil {
		answer(w, http.StatusInternalServerError, err.Error())
		return
	}
	answer(w, http.StatusOK, "the clock is accepted; trimming goes on")
}

func answer(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": message}) // the client may be gone
}
