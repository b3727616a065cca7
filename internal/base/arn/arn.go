// Package arn reads and writes Amazon Resource Names:
// arn:<partition>:<service>:<region>:<account>:<resource>. Its values are plain
// and safe to copy.
package arn

import "strings"

// ARN is a name in its parts. Region and Account may be empty, as in the names
// of services that have none.
type ARN struct {
	Partition string // "aws", "aws-cn", …
	Service   string
	Region    string
	Account   string // 12 digits
	Resource  string // in the service's own form
}

// New returns the name of a resource in the partition "aws".
func New(service, region, account, resource string) ARN {
	return ARN{"aws", service, region, account, resource}
}

// Parse splits a name, and reports whether it has the form of one. The parts
// alias s.
func Parse(s string) (ARN, bool) {
	parts := strings.SplitN(s, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" || !strings.HasPrefix(parts[1], "aws") || parts[2] == "" || parts[5] == "" {
		return ARN{}, false
	}
	return ARN{parts[1], parts[2], parts[3], parts[4], parts[5]}, true
}

// String returns the name.
func (a ARN) String() string {
	return strings.Join([]string{"arn", a.Partition, a.Service, a.Region, a.Account, a.Resource}, ":")
}
