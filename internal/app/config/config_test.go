package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/base/units"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestDefaults(t *testing.T) {
	c, settings, err := Load(Sources{})
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:4566" || c.TLSListen != "127.0.0.1:4567" || c.Memory != 256*units.MiB || c.Auth != "enforce" ||
		c.TransitionDelay != 500*time.Millisecond || c.ShardQuota != 20000 || c.QueueCooldown != time.Minute || c.QueueInFlight != 120000 ||
		c.ShardLimits.Factor != 1 || c.MinFree.Set || c.Fsync != "always" {
		t.Errorf("defaults are %+v", c)
	}
	for _, s := range settings {
		if s.Origin != "default" {
			t.Errorf("%s comes from %s", s.Name, s.Origin)
		}
	}
}

func TestPrecedence(t *testing.T) {
	file := write(t, "m.yaml", "# a comment\nlisten: 127.0.0.1:1\nmemory: 1GiB\ntls-san: [a.example, b.example]\nshard-quota: 7\npprof: true\ntransition-delay: 0s\n")
	c, settings, err := Load(Sources{
		File:  file,
		Env:   []string{"MILLRACE_LISTEN=127.0.0.1:2", "MILLRACE_MEMORY=2GiB", "HOME=/", "MILLRACE_SERVICE_HOST=10.0.0.1"},
		Flags: map[string]string{"listen": "127.0.0.1:3"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:3" || c.Memory != 2*units.GiB || len(c.TLSSAN) != 2 || c.ShardQuota != 7 || !c.Pprof || c.TransitionDelay != 0 {
		t.Errorf("config is %+v", c)
	}
	want := map[string]Setting{
		"listen":      {"listen", "127.0.0.1:3", "flag --listen"},
		"memory":      {"memory", "2GiB", "MILLRACE_MEMORY"},
		"shard-quota": {"shard-quota", "7", "m.yaml:5"},
		"tls-san":     {"tls-san", "a.example,b.example", "m.yaml:4"},
		"fsync":       {"fsync", "always", "default"},
	}
	for _, s := range settings {
		if w, ok := want[s.Name]; ok && s != w {
			t.Errorf("%v, want %v", s, w)
		}
		delete(want, s.Name)
	}
	if len(want) > 0 {
		t.Errorf("not shown: %v", want)
	}
}

func TestErrorsSayWhatWouldBeRight(t *testing.T) {
	cases := []struct {
		name string
		src  Sources
		yaml string
		want []string
	}{
		{"unknown key", Sources{}, "listen: 127.0.0.1:1\nlisen: x\ncolour: red\n", []string{`c.yaml:2: "lisen" is not a setting; did you mean listen?`, `"colour" is not a setting`}},
		{"unknown variable", Sources{Env: []string{"MILLRACE_LISEN=x"}}, "", []string{"MILLRACE_LISEN is not a setting; did you mean MILLRACE_LISTEN?"}},
		{"size", Sources{Flags: map[string]string{"memory": "lots"}}, "", []string{"memory (flag --memory)", "512MiB"}},
		{"duration", Sources{Env: []string{"MILLRACE_TRANSITION_DELAY=-1s"}}, "", []string{"MILLRACE_TRANSITION_DELAY", "500ms"}},
		{"enumeration", Sources{Flags: map[string]string{"auth": "opne"}}, "", []string{"enforce, open", "did you mean open?"}},
		{"open to others", Sources{Flags: map[string]string{"auth": "open", "listen": "0.0.0.0:4566"}}, "", []string{"--insecure"}},
		{"open to others over TLS", Sources{Flags: map[string]string{"auth": "open", "tls-listen": ":4567"}}, "", []string{"--insecure"}},
		{"address", Sources{Flags: map[string]string{"listen": "4566"}}, "", []string{"HOST:PORT"}},
		{"half a certificate", Sources{Flags: map[string]string{"tls-cert": "c.pem"}}, "", []string{"give both"}},
		{"origin", Sources{Flags: map[string]string{"cors-origin": "example.com"}}, "", []string{"https://"}},
		{"limits", Sources{Flags: map[string]string{"shard-limits": "10"}}, "", []string{"xN"}},
		{"memory", Sources{Flags: map[string]string{"memory": "1MiB"}}, "", []string{"64MiB"}},
		{"messages in flight", Sources{Flags: map[string]string{"queue-in-flight": "0"}}, "", []string{"1 is the least"}},
		{"boolean", Sources{Env: []string{"MILLRACE_PPROF=maybe"}}, "", []string{"true nor false"}},
		{"mapping for a value", Sources{}, "listen: {a: b}\n", []string{"plain value"}},
		{"no mapping", Sources{}, "- a\n- b\n", []string{"mapping of settings"}},
		{"syntax", Sources{}, "listen: [\n", []string{"c.yaml"}},
		{"account id", Sources{}, "accounts:\n  - {id: \"12\", access-key-id: a, secret-access-key: b}\n", []string{"12 digits"}},
		{"account key", Sources{}, "accounts:\n  - {id: \"111122223333\", access-key-id: a}\n", []string{"needs access-key-id"}},
		{"account unknown key", Sources{}, "accounts:\n  - {id: \"111122223333\", key: hush}\n", []string{"accounts must be a list"}},
		{"no file", Sources{File: "/nonexistent/m.yaml"}, "", []string{"/nonexistent/m.yaml"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if c.yaml != "" {
				c.src.File = write(t, "c.yaml", c.yaml)
			}
			_, _, err := Load(c.src)
			if err == nil {
				t.Fatal("was accepted")
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("error %q does not say %q", err, w)
				}
			}
			if strings.Contains(err.Error(), "hush") {
				t.Error("a value of an account is shown")
			}
		})
	}
}

func TestAccounts(t *testing.T) {
	secret := write(t, "secret", "s3cret\n")
	c, settings, err := Load(Sources{File: write(t, "c.yaml", "accounts:\n- id: \"111122223333\"\n  access-key-id: AK1\n  secret-access-key-file: "+secret+
		"\n- id: \"444455556666\"\n  access-key-id: AK2\n  secret-access-key: two\n")})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Accounts) != 2 || c.Accounts[0].SecretAccessKey != "s3cret" || c.Accounts[1].AccessKeyID != "AK2" {
		t.Errorf("accounts are %+v", c.Accounts)
	}
	for _, s := range settings {
		if strings.Contains(s.Value, "two") || strings.Contains(s.Value, "s3cret") {
			t.Errorf("setting %s shows a secret", s.Name)
		}
	}
}

func TestOpenIsAllowed(t *testing.T) {
	for _, flags := range []map[string]string{
		{"auth": "open"},
		{"auth": "open", "listen": "localhost:1", "tls-listen": "[::1]:2"},
		{"auth": "open", "listen": "0.0.0.0:1", "tls-listen": "off", "insecure": "true"},
	} {
		if _, _, err := Load(Sources{Flags: flags}); err != nil {
			t.Errorf("%v: %v", flags, err)
		}
	}
}

func TestValuesPrintAsTheyAreRead(t *testing.T) {
	for _, s := range []string{"aws", "off", "x10", "x0.5"} {
		var l ShardLimits
		if err := l.UnmarshalText([]byte(s)); err != nil || l.String() != s {
			t.Errorf("%s prints as %s, error %v", s, l, err)
		}
	}
	for _, s := range []string{"auto", "0", "5GiB"} {
		var m MinFree
		if err := m.UnmarshalText([]byte(s)); err != nil || m.String() != s {
			t.Errorf("%s prints as %s, error %v", s, m, err)
		}
	}
	for _, s := range []string{"x0", "x-1", "xNaN", "xInf", "AWS"} {
		if (&ShardLimits{}).UnmarshalText([]byte(s)) == nil {
			t.Errorf("%s was accepted", s)
		}
	}
}
