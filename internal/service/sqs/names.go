package sqs

import (
	"strings"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
	"github.com/millrace/millrace/internal/base/arn"
)

// maxName is the longest name of a queue, with the suffix of FIFO queues.
const maxName = 80

// checkName checks the name of a queue that is to be made.
func checkName(name string, fifo bool) error {
	base, suffixed := strings.CutSuffix(name, fifoSuffix)
	if suffixed != fifo || len(name) > maxName || !isWord(base) {
		return invalidParameter("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	}
	return nil
}

// isName reports whether a queue could have the name.
func isName(name string) bool { return checkName(name, strings.HasSuffix(name, fifoSuffix)) == nil }

// parseQueueURL returns the account and the name that the URL of a queue means.
// Any scheme, host and leading path is accepted, and never asked: the last two
// segments count. A name alone, as AWS takes it, is a queue of the given account.
func parseQueueURL(url, account string) (owner, name string, ok bool) {
	rest := strings.TrimRight(url, "/")
	i := strings.LastIndexByte(rest, '/')
	if i < 0 {
		return account, rest, rest != ""
	}
	rest, name = rest[:i], rest[i+1:]
	owner = rest[strings.LastIndexByte(rest, '/')+1:]
	return owner, name, isAccount(owner)
}

// queueOf returns the key of the queue that a call is about. Where it gives no
// QueueUrl, the path of the request names the queue, as older SDKs send it. The name
// is one that a queue can have; whether there is such a queue is another question.
func queueOf(call *api.Call, url api.Opt[string]) (queueKey, error) {
	if !url.Set {
		url.V = call.HTTP().Path
		if strings.Trim(url.V, "/") == "" {
			return queueKey{}, missingParameter("QueueUrl")
		}
	}
	owner, name, ok := parseQueueURL(url.V, call.Account)
	if !ok {
		return queueKey{}, sqsapi.ErrInvalidAddress.New("The address %s is not valid for this endpoint.", url.V)
	}
	if !isName(name) {
		return queueKey{}, noSuchQueue(call)
	}
	return queueKey{account: owner, region: call.Region, name: name}, nil
}

// notAtQueue refuses an operation that is no queue's in a request of Query to the
// URL of a queue, as AWS does.
func notAtQueue(call *api.Call, operation string) error {
	h := call.HTTP()
	if _, _, ok := parseQueueURL(h.Path, ""); ok && h.Protocol == api.Query {
		return api.ErrUnknownOperation.New("The action %s is not valid for this endpoint.", operation)
	}
	return nil
}

// queueURL returns the URL by which the caller can use a queue.
func queueURL(call *api.Call, key queueKey) string {
	return mint(endpointOf(call), key.account, key.name)
}

// mint returns the URL of a queue under an endpoint, which is a scheme and a
// host, and perhaps a path.
func mint(endpoint, account, name string) string {
	return strings.TrimRight(endpoint, "/") + "/" + account + "/" + name
}

// endpointOf returns the endpoint by which the caller reached the server, so that
// the URLs that it is given work for it. It is AWS's own where no request carries
// the call.
func endpointOf(call *api.Call) string {
	switch h := call.HTTP(); {
	case h.Host == "":
		return "https://sqs." + call.Region + ".amazonaws.com"
	case h.TLS:
		return "https://" + h.Host
	default:
		return "http://" + h.Host
	}
}

// parseQueueARN returns the queue that an ARN names, and whether it names one.
func parseQueueARN(s string) (queueKey, bool) {
	a, ok := arn.Parse(s)
	if !ok || a.Service != "sqs" || a.Region == "" || !isAccount(a.Account) || !isName(a.Resource) {
		return queueKey{}, false
	}
	return queueKey{account: a.Account, region: a.Region, name: a.Resource}, true
}
