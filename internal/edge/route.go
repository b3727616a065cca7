package edge

import (
	"net/http"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/api"
)

// route is what a request was found to mean.
type route struct {
	protocol *protocol
	service  *api.Service // nil where none was recognised
	entry    *entry       // nil where the operation is unknown
	labels   map[string]string
	// refusal is the answer where not even a protocol was recognised.
	refusal *refusal
}

// refusal is a fixed answer.
type refusal struct {
	status      int
	contentType string
	body        string
}

// AWS's answers to what it cannot place (reference kinesis-streams §2.3).
var (
	refuseNoOperation = &refusal{http.StatusForbidden, "application/xml",
		"<AccessDeniedException>\n  <Message>Unable to determine service/operation name to be authorized</Message>\n</AccessDeniedException>\n"}
	refuseContentType = &refusal{http.StatusNotFound, "", "<UnknownOperationException/>\n"}
	refuseTooLarge    = &refusal{http.StatusRequestEntityTooLarge, "", ""}
	refusePlainJSON   = &refusal{http.StatusNotFound, "application/json",
		`{"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"},"Version":"1.0"}`}
)

// findRoute finds out what the request means, in the order of design §3.
func (x *exchange) findRoute() route {
	if target := first(x.r.Header, "X-Amz-Target"); target != "" {
		return x.routeTarget(target)
	}
	if first(x.r.Header, "Smithy-Protocol") == "rpc-v2-cbor" {
		return x.routeSmithy()
	}
	return x.routeOther()
}

// routeTarget serves the protocols that name the operation in a header.
func (x *exchange) routeTarget(target string) route {
	if x.r.Method != http.MethodPost {
		return route{refusal: refuseNoOperation}
	}
	t := x.server.table
	e := t.targets[target]
	var svc *api.Service
	if e != nil {
		svc = e.Service
	} else {
		prefix, _, _ := strings.Cut(target, ".")
		svc = t.prefixes[prefix]
	}
	switch mediaType(x.r.Header) {
	case "application/x-amz-json-1.1":
		return route{protocol: json11, service: svc, entry: e}
	case "application/x-amz-json-1.0":
		return route{protocol: json10, service: svc, entry: e}
	case "application/x-amz-cbor-1.1":
		if svc == nil || slices.Contains(svc.Protocols, api.CBOR11) {
			return route{protocol: cbor11, service: svc, entry: e}
		}
	case "application/json":
		return route{protocol: json11, service: svc, refusal: refusePlainJSON}
	}
	return route{refusal: refuseContentType}
}

// routeSmithy serves /service/<service>/operation/<operation>.
func (x *exchange) routeSmithy() route {
	rt := route{protocol: cborV2}
	i := strings.LastIndex(x.signed.Path, "/service/")
	if i < 0 || x.r.Method != http.MethodPost {
		return route{refusal: refuseNoOperation}
	}
	name, operation, ok := strings.Cut(x.signed.Path[i+len("/service/"):], "/operation/")
	if !ok {
		return route{refusal: refuseNoOperation}
	}
	rt.service = x.server.table.prefixes[name]
	if rt.service == nil || !slices.Contains(rt.service.Protocols, api.RPCCBOR) {
		rt.service = nil
		return rt
	}
	rt.entry = x.server.table.targets[name+"."+operation]
	return rt
}

// mediaType returns the content type without its parameters.
func mediaType(h http.Header) string {
	v := first(h, "Content-Type")
	if i := strings.IndexByte(v, ';'); i >= 0 {
		v = v[:i]
	}
	return strings.ToLower(strings.TrimSpace(v))
}

// first returns the first value of a header whose name is in canonical form.
func first(h http.Header, name string) string {
	if v := h[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}
