package app

import (
	"fmt"
	"io"

	"github.com/millrace/millrace/internal/edge"
	"github.com/millrace/millrace/internal/obs"
)

// tellCredentials prints the root key that was made, once, as lines to paste.
func (a *App) tellCredentials(w io.Writer) {
	fmt.Fprintf(w, `
Root credentials were made; they are kept in %s and not shown again.
For a client on this machine:

export AWS_ACCESS_KEY_ID=%s
export AWS_SECRET_ACCESS_KEY=%s
export AWS_DEFAULT_REGION=us-east-1
export AWS_ENDPOINT_URL=http://%s

`, a.dir.Path("root-credentials.json"), a.root.AccessKeyID, a.root.SecretAccessKey, a.Addr())
}

// requests tells obs of the edge's calls.
type requests struct{ to *obs.Requests }

func (r requests) Observe(e edge.Event) {
	r.to.Observe(e.Service, e.Operation, e.Code, e.Duration)
}
