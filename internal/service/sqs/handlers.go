package sqs

import (
	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
)

// Handlers returns the service's operations.
func (s *Service) Handlers() []api.Handler { return sqsapi.Bind(s) }
