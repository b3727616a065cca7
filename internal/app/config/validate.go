package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"

	"github.com/millrace/millrace/internal/base/units"
)

var accountID = regexp.MustCompile(`^[0-9]{12}$`)

// DefaultAccount is the account of the default root key.
const DefaultAccount = "000000000000"

// validate checks what no single value shows.
func (c *Config) validate() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }

	if c.Data == "" {
		fail("data: name a directory")
	}
	for _, l := range []struct{ name, address string }{{"listen", c.Listen}, {"tls-listen", c.TLSListen}} {
		if l.name == "tls-listen" && l.address == "off" {
			continue
		}
		if _, _, err := net.SplitHostPort(l.address); err != nil {
			fail("%s: %q is not HOST:PORT, such as 127.0.0.1:4566 or :4566", l.name, l.address)
		} else if c.Auth == "open" && !c.Insecure && !Loopback(l.address) {
			fail("%s: %s can be reached from other machines, and --auth=open lets anyone do anything; listen on 127.0.0.1, or use --auth=enforce, or add --insecure if that is what you want", l.name, l.address)
		}
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		fail("tls-cert and tls-key: give both or none")
	}
	if c.TLSCert != "" && len(c.TLSSAN) > 0 {
		fail("tls-san: names are added to the certificate that is made, and tls-cert gives one; drop either")
	}
	if c.Memory < 64*units.MiB {
		fail("memory: %v is too little, 64MiB is the least", c.Memory)
	}
	if c.QueueInFlight < 1 {
		fail("queue-in-flight: %d is too little, 1 is the least", c.QueueInFlight)
	}
	if o := c.CORSOrigin; o != "" && o != "*" {
		if u, err := url.Parse(o); err != nil || u.Scheme == "" || u.Host == "" || u.Path != "" {
			fail("cors-origin: %q is not an origin, such as https://app.example.com", o)
		}
	}
	ids, keys := map[string]bool{DefaultAccount: true}, map[string]bool{}
	for _, a := range c.Accounts {
		switch {
		case !accountID.MatchString(a.ID):
			fail("accounts: id %q is not 12 digits (put it in quotes)", a.ID)
		case ids[a.ID]:
			fail("accounts: %s is there twice, or is the default account", a.ID)
		case a.AccessKeyID == "" || a.SecretAccessKey == "":
			fail("accounts: %s needs access-key-id and secret-access-key", a.ID)
		case keys[a.AccessKeyID]:
			fail("accounts: the access key of %s is another account's too", a.ID)
		}
		ids[a.ID], keys[a.AccessKeyID] = true, true
	}
	return errors.Join(errs...)
}

// Loopback reports whether only this machine can reach the address HOST:PORT.
func Loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
