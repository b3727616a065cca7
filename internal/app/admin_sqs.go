package app

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/base/clock"
	"github.com/millrace/millrace/internal/service/sqs"
)

// Sizes and times of the requests about queues.
const (
	// importMost is the longest part of an import: as many lines as fit, and always
	// the longest one, a message of 1 MiB with every character escaped.
	importMost = 16 << 20
	// exportStuck ends an export that nobody takes anything of: it holds a state of
	// the store that is long past.
	exportStuck = 5 * time.Minute
	// exportChunk is how much of an export is written at a time.
	exportChunk = 64 << 10
)

// Headers of an export: how many messages the queue has, ahead; and behind the
// messages how many there were, which is missing where not all came.
const (
	HeaderMessages = "Millrace-Messages"
	HeaderExported = "Millrace-Exported"
)

// routeQueues adds what `millrace admin sqs` asks for.
func (a *App) routeQueues(m *http.ServeMux) {
	for path, f := range map[string]func(http.ResponseWriter, *http.Request, sqs.Queue){
		"peek": a.servePeek, "export": a.serveExport, "import": a.serveImport,
		"redrive": a.serveRedrive, "move": a.serveMove,
	} {
		m.HandleFunc("POST /_millrace/sqs/"+path, a.rootOnly(func(w http.ResponseWriter, r *http.Request) {
			v := r.URL.Query()
			q, err := a.queues.FindQueue(r.Context(), v.Get("account"), v.Get("region"), v.Get("queue"))
			if err != nil {
				a.refuse(w, err)
				return
			}
			if path == "peek" || path == "export" || path == "redrive" { // the others come many times
				a.logger.Info("a person looks after a queue", "action", path, "queue", q.ARN(), "from", r.RemoteAddr)
			}
			f(w, r, q)
		}))
	}
}

// refuse answers with an error.
func (a *App) refuse(w http.ResponseWriter, err error) {
	var asked *sqs.InspectError
	var refused *api.Error
	switch {
	case errors.As(err, &asked):
		answer(w, http.StatusBadRequest, asked.Message)
		return
	case errors.As(err, &refused):
		answer(w, http.StatusBadRequest, refused.Message)
		return
	}
	a.logger.Error("a request about a queue failed", "error", err)
	answer(w, http.StatusInternalServerError, explain(err).Error())
}

func answerJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v) // the client may be gone
}

func (a *App) servePeek(w http.ResponseWriter, r *http.Request, q sqs.Queue) {
	v := r.URL.Query()
	limit, err := strconv.Atoi(v.Get("limit"))
	body, err2 := strconv.Atoi(v.Get("body-bytes"))
	if err := errors.Join(err, err2); err != nil || limit < 1 || body < 0 {
		answer(w, http.StatusBadRequest, "limit must be a number from 1, and body-bytes one from 0")
		return
	}
	page, err := a.queues.Peek(r.Context(), q, sqs.PeekOptions{
		State: sqs.State(v.Get("state")), Group: v.Get("group"), After: v.Get("after"), Limit: limit, BodyBytes: body,
	})
	if err != nil {
		a.refuse(w, err)
		return
	}
	answerJSON(w, page)
}

func (a *App) serveExport(w http.ResponseWriter, r *http.Request, q sqs.Queue) {
	control, began := http.NewResponseController(w), false
	// A write that is stuck ends with the request, so that a stop need not wait for it.
	defer context.AfterFunc(r.Context(), func() { _ = control.SetWriteDeadline(clock.Real.Now()) })()
	out := bufio.NewWriterSize(deadlined{r.Context(), w, control}, exportChunk)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	exported := 0
	err := a.queues.Export(r.Context(), q, func(total int64) {
		began = true
		w.Header().Set("Content-Type", "application/jsonl")
		w.Header().Set(HeaderMessages, strconv.FormatInt(total, 10))
		w.Header().Set("Trailer", HeaderExported)
		w.Header().Set("Connection", "close") // its deadline is this answer's
	}, func(m *sqs.StoredMessage) error {
		exported++
		return encoder.Encode(m)
	})
	if err == nil {
		err = out.Flush()
	}
	switch {
	case err == nil:
		w.Header().Set(HeaderExported, strconv.Itoa(exported))
	case !began:
		a.refuse(w, err)
	default:
		a.logger.Warn("an export ended early", "queue", q.ARN(), "messages", exported, "error", err)
		panic(http.ErrAbortHandler) // so that the client sees that it was cut off
	}
}

// deadlined writes within exportStuck each time, and no more once ctx has ended.
type deadlined struct {
	ctx     context.Context
	w       io.Writer
	control *http.ResponseController
}

func (d deadlined) Write(b []byte) (int, error) {
	if err := d.control.SetWriteDeadline(clock.Real.Now().Add(exportStuck)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	if err := d.ctx.Err(); err != nil {
		return 0, err
	}
	return d.w.Write(b)
}

func (a *App) serveImport(w http.ResponseWriter, r *http.Request, q sqs.Queue) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, importMost))
	if err != nil {
		answer(w, http.StatusBadRequest, "the lines could not be read: "+err.Error())
		return
	}
	var lines [][]byte
	for line := range bytes.Lines(body) {
		lines = append(lines, line)
	}
	result, err := a.queues.Import(r.Context(), q, lines)
	if err != nil {
		a.refuse(w, err)
		return
	}
	answerJSON(w, result)
}
