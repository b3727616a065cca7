package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"

	"github.com/millrace/millrace/internal/app/datadir"
)

// adminCall asks the server that runs on a data directory to do something, as
// the default account's root, and returns what it says.
func adminCall(e *Env, data, path string, query url.Values) (string, error) {
	holder, running := datadir.HeldBy(data)
	if !running {
		return "", fmt.Errorf("no server runs on %s; start it, or name its directory with --data", data)
	}
	root := datadir.Credentials{AccessKeyID: e.Getenv(datadir.EnvAccessKeyID), SecretAccessKey: e.Getenv(datadir.EnvSecretAccessKey)}
	if root.AccessKeyID == "" {
		var err error
		if root, err = datadir.ReadCredentials(data); errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("%s keeps no root key; set %s and %s as for the server", data, datadir.EnvAccessKeyID, datadir.EnvSecretAccessKey)
		} else if err != nil {
			return "", err
		}
	}
	target := url.URL{Scheme: "http", Host: reachable(holder.Listen), Path: "/_millrace/" + path, RawQuery: query.Encode()}
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, target.String(), nil)
	if err != nil {
		return "", err
	}
	r.SetBasicAuth(root.AccessKeyID, root.SecretAccessKey)
	resp, err := (&http.Transport{Proxy: nil}).RoundTrip(r)
	if err != nil {
		return "", fmt.Errorf("ask the server: %w", err)
	}
	defer resp.Body.Close()
	var answer struct{ Message string }
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return "", fmt.Errorf("the server answered %s and something that is not JSON", resp.Status)
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the server answered: %s", answer.Message)
	}
	return answer.Message, nil
}

// reachable turns an address that a server listens on into one to call.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return listen
}
