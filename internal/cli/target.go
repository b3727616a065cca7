package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"

	"github.com/millrace/millrace/internal/base/nearest"
)

// target is the server that a client command speaks to: this one, AWS, or another
// that speaks the API. What is not given comes from where every AWS program takes
// it: AWS_* variables and the shared configuration files.
type target struct {
	Endpoint string `placeholder:"URL" help:"Where the server is, such as http://127.0.0.1:4566 [AWS_ENDPOINT_URL; AWS itself when nothing names one]."`
	Region   string `placeholder:"NAME" help:"Region of the stream [AWS_REGION, AWS_DEFAULT_REGION; us-east-1 at an endpoint of one's own]."`
	Profile  string `placeholder:"NAME" help:"Profile of the shared AWS configuration [AWS_PROFILE]."`
}

// credentialsWait bounds the search for credentials, which may go as far as asking
// the network.
const credentialsWait = 5 * time.Second

// client returns a client for the target that has credentials.
func (t *target) client(ctx context.Context) (*kinesis.Client, error) {
	// The SDK logs where it looked for credentials; what to do is said below.
	options := []func(*awsconfig.LoadOptions) error{awsconfig.WithLogger(logging.Nop{})}
	if t.Region != "" {
		options = append(options, awsconfig.WithRegion(t.Region))
	}
	if t.Profile != "" {
		options = append(options, awsconfig.WithSharedConfigProfile(t.Profile))
	}
	c, err := awsconfig.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, &exitError{err, exitUsage}
	}
	client := kinesis.NewFromConfig(c, func(o *kinesis.Options) {
		if t.Endpoint != "" {
			o.BaseEndpoint = &t.Endpoint
		}
		if o.BaseEndpoint != nil {
			t.Endpoint = *o.BaseEndpoint
			if o.Region == "" {
				o.Region = "us-east-1"
			}
		}
	})
	if client.Options().Region == "" {
		return nil, &exitError{errors.New("no region and no endpoint: name a server of yours with --endpoint (or AWS_ENDPOINT_URL), or a region of AWS with --region"), exitUsage}
	}
	find, cancel := context.WithTimeout(ctx, credentialsWait)
	defer cancel()
	if _, err := c.Credentials.Retrieve(find); err != nil {
		return nil, &exitError{errors.New(`no credentials. Export those that the server printed at its first start (they are kept in its data directory, root-credentials.json):
       export AWS_ACCESS_KEY_ID=...
       export AWS_SECRET_ACCESS_KEY=...
       or name a profile of the shared AWS configuration with --profile`), exitUsage}
	}
	return client, nil
}

// impatient tries again as the SDK does, but not where nobody listens: a person
// waits for the answer.
var impatient = retry.NewStandard(func(o *retry.StandardOptions) {
	refused := retry.IsErrorRetryableFunc(func(err error) aws.Ternary {
		if errors.Is(err, syscall.ECONNREFUSED) {
			return aws.FalseTernary
		}
		return aws.UnknownTernary
	})
	o.Retryables = append([]retry.IsErrorRetryable{refused}, o.Retryables...)
})

// find returns the stream of a name or ARN.
func (t *target) find(ctx context.Context, c *kinesis.Client, stream string) (*types.StreamDescriptionSummary, error) {
	in := &kinesis.DescribeStreamSummaryInput{StreamName: &stream}
	if strings.HasPrefix(stream, "arn:") {
		in = &kinesis.DescribeStreamSummaryInput{StreamARN: &stream}
	}
	out, err := c.DescribeStreamSummary(ctx, in, func(o *kinesis.Options) { o.Retryer = impatient })
	var missing *types.ResourceNotFoundException
	switch {
	case errors.As(err, &missing):
		return nil, t.noStream(ctx, c, stream)
	case err != nil:
		return nil, t.explain(err)
	}
	return out.StreamDescriptionSummary, nil
}

// noStream says that a stream is not there, and which is meant perhaps.
func (t *target) noStream(ctx context.Context, c *kinesis.Client, stream string) error {
	var names []string
	pages := kinesis.NewListStreamsPaginator(c, &kinesis.ListStreamsInput{})
	for pages.HasMorePages() && len(names) < 1000 {
		page, err := pages.NextPage(ctx)
		if err != nil {
			break // what is known will do
		}
		names = append(names, page.StreamNames...)
	}
	where := "region " + c.Options().Region
	if t.Endpoint != "" {
		where += " of " + t.Endpoint
	}
	name := stream[strings.LastIndexByte(stream, '/')+1:]
	hint := "; there are none, create one with: aws kinesis create-stream --stream-name " + name + " --shard-count 1"
	if near := nearest.Find(name, names); near != "" {
		hint = "; did you mean " + near + "?"
	} else if len(names) > 0 {
		slices.Sort(names)
		hint = "; there are " + strings.Join(names[:min(len(names), 5)], ", ")
		if len(names) > 5 {
			hint += fmt.Sprintf(" and %d more", len(names)-5)
		}
	}
	return fmt.Errorf("no stream %s in %s%s", stream, where, hint)
}

// explain makes the SDK's error one that says what to do.
func (t *target) explain(err error) error {
	var api smithy.APIError
	if errors.As(err, &api) {
		switch api.ErrorCode() {
		case "UnrecognizedClientException", "InvalidAccessKeyId":
			return fmt.Errorf("the server does not know this access key (%s); export the one that it printed at its first start, which its data directory keeps in root-credentials.json", api.ErrorCode())
		case "InvalidSignatureException", "SignatureDoesNotMatch":
			text, _, _ := strings.Cut(api.ErrorMessage(), " Check your AWS Secret")
			return fmt.Errorf("the server refuses the signature (%s: %s); is AWS_SECRET_ACCESS_KEY the one of this access key?", api.ErrorCode(), text)
		}
		return fmt.Errorf("%s: %s", api.ErrorCode(), api.ErrorMessage())
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		where := t.Endpoint
		if where == "" {
			where = "the endpoint"
		}
		return fmt.Errorf("no server answers at %s; start one with: millrace server, or name another with --endpoint", where)
	}
	return err
}
