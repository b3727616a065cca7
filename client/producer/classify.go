package producer

import (
	"errors"
	"io"
	"net"
	"slices"
	"syscall"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// refusals are codes by which a service says that it did nothing and may be asked
// again.
var refusals = []string{
	"ProvisionedThroughputExceededException", "LimitExceededException", "KMSThrottlingException",
	"Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
	"TooManyRequestsException", "SlowDown", "ServiceUnavailable", "RequestTimeout", "RequestTimeoutException",
	"RequestExpired", "PriorRequestNotComplete",
}

// classify says of the error of a whole request whether to send its records
// again, and whether they may have been stored nevertheless.
func classify(err error) (again, unknown bool) {
	var api smithy.APIError
	var response *awshttp.ResponseError
	var dial *net.OpError
	switch {
	case errors.As(err, &api):
		if slices.Contains(refusals, api.ErrorCode()) {
			return true, false
		}
		server := api.ErrorFault() == smithy.FaultServer || errors.As(err, &response) && response.HTTPStatusCode() >= 500
		return server, server
	case errors.As(err, &response):
		// An answer that is no answer of the service: what stands between is ill.
		return response.HTTPStatusCode() >= 500 || response.HTTPStatusCode() == 429, true
	case errors.Is(err, syscall.ECONNREFUSED), errors.As(err, &dial) && dial.Op == "dial":
		return true, false
	}
	var send *smithyhttp.RequestSendError
	var answer *smithy.DeserializationError
	var network net.Error
	if errors.As(err, &send) || errors.As(err, &answer) || errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) {
		return true, true
	}
	return false, false // it could not be signed or written down, and will not be the next time
}
