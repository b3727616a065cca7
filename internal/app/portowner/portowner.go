// Package portowner finds the process that listens on a TCP port, as far as
// /proc tells. It keeps nothing and is safe for concurrent use.
package portowner

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Find returns "name (process id N)" of a process that listens on the port of
// HOST:PORT, or "" where that cannot be told: on systems without /proc, or when
// the process is another user's.
func Find(address string) string {
	_, portText, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	port, err := net.LookupPort("tcp", portText)
	if err != nil {
		return ""
	}
	inodes := map[string]bool{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		if text, err := os.ReadFile(table); err == nil {
			for _, inode := range listeners(string(text), port) {
				inodes["socket:["+inode+"]"] = true
			}
		}
	}
	if len(inodes) == 0 {
		return ""
	}
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && inodes[target] {
			pid := strings.Split(link, "/")[2]
			name, _ := os.ReadFile("/proc/" + pid + "/comm")
			return fmt.Sprintf("%s (process id %s)", strings.TrimSpace(string(name)), pid)
		}
	}
	return ""
}

// listeners returns the inodes of the sockets that listen on the port, from a
// table in the form of /proc/net/tcp: local address in column 1, state in 3
// (0A is LISTEN), inode in 9.
func listeners(table string, port int) []string {
	var inodes []string
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) < 10 || f[3] != "0A" {
			continue
		}
		_, hex, _ := strings.Cut(f[1], ":")
		if n, err := strconv.ParseUint(hex, 16, 16); err == nil && int(n) == port {
			inodes = append(inodes, f[9])
		}
	}
	return inodes
}
