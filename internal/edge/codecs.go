package edge

import (
	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/awscbor"
	"github.com/millrace/millrace/internal/wire/awsjson"
	wirequery "github.com/millrace/millrace/internal/wire/query"
	"github.com/millrace/millrace/internal/wire/restjson"
	"github.com/millrace/millrace/internal/wire/restxml"
	"github.com/millrace/millrace/internal/wire/rpccbor"
)

// protocol is a wire protocol as the edge serves it.
type protocol struct {
	api.Protocol
	name  string // for events and metrics
	codec wire.Codec
}

var (
	json10 = &protocol{api.JSON10, "json-1.0", awsjson.V10}
	json11 = &protocol{api.JSON11, "json-1.1", awsjson.V11}
	cbor11 = &protocol{api.CBOR11, "cbor-1.1", awscbor.Codec{}}
	cborV2 = &protocol{api.RPCCBOR, "rpc-v2-cbor", rpccbor.Codec{}}

	query    = &protocol{api.Query, "query", wirequery.Codec{}}
	restJSON = &protocol{api.RESTJSON, "rest-json", restjson.Codec{}}
	restXML  = &protocol{api.RESTXML, "rest-xml", restxml.Codec{BareErrors: true}}
)

// rest reports whether operations are told apart by method and path.
func rest(p api.Protocol) bool { return p == api.RESTJSON || p == api.RESTXML }
