package edge

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/api"
)

// routeOther serves the protocols that carry the operation's name in no header,
// Query and REST: the credential scope names the service, else the Action, the
// path or the host does (design §3).
func (x *exchange) routeOther() route {
	t := x.server.table
	action, version := x.action()
	scoped := t.signing[x.signature.Scope.Service]
	for _, svc := range scoped {
		if rt := x.routeService(svc, action); rt.entry != nil {
			return rt
		}
	}
	if len(scoped) > 0 {
		return x.unknownOf(scoped[0], action)
	}
	if action != "" {
		for _, e := range t.actions[action] {
			if version == "" || e.Service.APIVersion == version {
				return route{protocol: query, service: e.Service, entry: e}
			}
		}
	}
	for _, svc := range t.services {
		if svc.SigningName != "s3" {
			if rt := x.routeService(svc, ""); rt.entry != nil {
				return rt
			}
		}
	}
	for _, svc := range t.services {
		if strings.HasPrefix(x.signed.Host, svc.Endpoint+".") {
			return x.unknownOf(svc, action)
		}
	}
	if t.s3 != nil {
		return x.routeService(t.s3, "")
	}
	return route{refusal: refuseNoOperation}
}

// routeService looks for the operation within one service.
func (x *exchange) routeService(svc *api.Service, action string) route {
	t := x.server.table
	if action != "" && slices.Contains(svc.Protocols, api.Query) {
		for _, e := range t.actions[action] {
			if e.Service == svc {
				return route{protocol: query, service: svc, entry: e}
			}
		}
	}
	router := t.routers[svc]
	if router == nil {
		return route{}
	}
	op, labels := router.Match(x.signed.Method, x.signed.Path, x.signed.Query, x.r.Header)
	if op == nil {
		return route{}
	}
	return route{protocol: restProtocol(svc), service: svc, entry: t.entries[op], labels: labels}
}

// unknownOf is the route of a request for an operation that a service does not
// have, in the form of the service.
func (x *exchange) unknownOf(svc *api.Service, action string) route {
	switch {
	case action != "" && slices.Contains(svc.Protocols, api.Query):
		return route{protocol: query, service: svc}
	case x.server.table.routers[svc] != nil:
		return route{protocol: restProtocol(svc), service: svc}
	case slices.Contains(svc.Protocols, api.Query):
		return route{service: svc, refusal: refuseContentType} // reference sqs §1
	}
	return route{refusal: refuseNoOperation}
}

func restProtocol(svc *api.Service) *protocol {
	if slices.Contains(svc.Protocols, api.RESTXML) {
		return restXML
	}
	return restJSON
}

// action returns the parameters of a Query request that name its operation,
// which a form has in its body or in the query string.
func (x *exchange) action() (action, version string) {
	forms := [2][]byte{1: []byte(x.signed.Query)}
	if x.r.Method == http.MethodPost && mediaType(x.r.Header) == "application/x-www-form-urlencoded" {
		if forms[0] = x.bytes(); x.gzipped() {
			forms[0] = x.inflatedHead()
		}
	}
	for _, form := range forms {
		if action == "" {
			action = parameter(form, "Action")
		}
		if version == "" {
			version = parameter(form, "Version")
		}
	}
	return action, version
}

// parameter returns the first value of a parameter of a form.
func parameter(form []byte, name string) string {
	for part := range bytes.SplitSeq(form, []byte{'&'}) {
		if n, value, _ := bytes.Cut(part, []byte{'='}); string(n) == name {
			if v, err := url.QueryUnescape(string(value)); err == nil {
				return v
			}
		}
	}
	return ""
}
