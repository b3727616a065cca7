package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"

	"github.com/millrace/millrace/internal/app/datadir"
)

// adminServer is the server that runs on a data directory, called as the default
// account's root.
type adminServer struct {
	address   string
	root      datadir.Credentials
	transport http.Transport
}

// findAdmin returns the server that runs on a data directory.
func findAdmin(e *Env, data string) (*adminServer, error) {
	holder, running := datadir.HeldBy(data)
	if !running {
		return nil, fmt.Errorf("no server runs on %s; start it, or name its directory with --data", data)
	}
	root := datadir.Credentials{AccessKeyID: e.Getenv(datadir.EnvAccessKeyID), SecretAccessKey: e.Getenv(datadir.EnvSecretAccessKey)}
	if root.AccessKeyID == "" {
		var err error
		if root, err = datadir.ReadCredentials(data); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s keeps no root key; set %s and %s as for the server", data, datadir.EnvAccessKeyID, datadir.EnvSecretAccessKey)
		} else if err != nil {
			return nil, err
		}
	}
	return &adminServer{address: reachable(holder.Listen), root: root}, nil
}

// post asks for something, and returns the answer where it is no refusal. The
// caller closes its body.
func (s *adminServer) post(ctx context.Context, path string, query url.Values, body io.Reader) (*http.Response, error) {
	target := url.URL{Scheme: "http", Host: s.address, Path: "/_millrace/" + path, RawQuery: query.Encode()}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), body)
	if err != nil {
		return nil, err
	}
	r.SetBasicAuth(s.root.AccessKeyID, s.root.SecretAccessKey)
	resp, err := s.transport.RoundTrip(r)
	if err != nil {
		return nil, fmt.Errorf("ask the server: %w", err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	var refusal struct{ Message string }
	if err := decodeAnswer(resp, &refusal); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("the server answered: %s", refusal.Message)
}

// call asks for something and decodes the answer.
func (s *adminServer) call(ctx context.Context, path string, query url.Values, body io.Reader, answer any) error {
	resp, err := s.post(ctx, path, query, body)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return decodeAnswer(resp, answer)
}

func decodeAnswer(resp *http.Response, answer any) error {
	if err := json.NewDecoder(resp.Body).Decode(answer); err != nil {
		return fmt.Errorf("the server answered %s and something that is not JSON", resp.Status)
	}
	// What follows is the end, without which the connection is not used again.
	_, err := io.Copy(io.Discard, resp.Body)
	return err
}

// adminCall asks the server that runs on a data directory to do something, and
// returns what it says.
func adminCall(e *Env, data, path string, query url.Values) (string, error) {
	s, err := findAdmin(e, data)
	if err != nil {
		return "", err
	}
	var answer struct{ Message string }
	err = s.call(context.Background(), path, query, nil, &answer)
	return answer.Message, err
}

// reachable turns an address that a server listens on into one to call.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return listen
}
