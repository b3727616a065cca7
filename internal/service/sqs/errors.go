package sqs

import (
	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
)

// The texts are AWS's (reference sqs §2, §3).

// invalidParameter refuses a parameter in words of its own: a format where args
// follow.
func invalidParameter(message string, args ...any) *api.Error {
	return sqsapi.ErrInvalidParameterValueException.New(message, args...)
}

// invalidValue refuses the value of a parameter.
func invalidValue(value, parameter, reason string) *api.Error {
	return invalidParameter("Value %s for parameter %s is invalid. Reason: %s", value, parameter, reason)
}

// missingParameter says that a parameter is required.
func missingParameter(name string) *api.Error {
	return sqsapi.ErrMissingRequiredParameterException.New("The request must contain the parameter %s.", name)
}

// missingInEntry is missingParameter for the entries of a batch, of which one that
// lacks what a FIFO queue needs fails the whole request.
func missingInEntry(name string) *api.Error {
	return invalidParameter("The request must contain the parameter %s.", name)
}

// noSuchQueue says that there is no queue of the name, in the words of the
// call's protocol.
func noSuchQueue(call *api.Call) *api.Error {
	if call.HTTP().Protocol == api.Query {
		return sqsapi.ErrQueueDoesNotExist.New("The specified queue does not exist for this wsdl version.")
	}
	return sqsapi.ErrQueueDoesNotExist.New("The specified queue does not exist.")
}

// unknownAttribute refuses the name of an attribute that does not exist, or not
// here.
func unknownAttribute(name string) *api.Error {
	return sqsapi.ErrInvalidAttributeName.New("Unknown Attribute %s.", name)
}

// invalidAttribute refuses the value of an attribute.
func invalidAttribute(name string) *api.Error {
	return sqsapi.ErrInvalidAttributeValue.New("Invalid value for the parameter %s.", name)
}

// invalidAttributeBecause is invalidAttribute where AWS says why.
func invalidAttributeBecause(name, reason string) *api.Error {
	return sqsapi.ErrInvalidAttributeValue.New("Invalid value for the parameter %s. Reason: %s", name, reason)
}
