package portowner

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
)

func TestFindsItself(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if got := Find(address); !strings.Contains(got, fmt.Sprintf("(process id %d)", os.Getpid())) {
		t.Errorf("found %q", got)
	}
	l.Close()
	if got := Find(address); got != "" {
		t.Errorf("found %q after it closed", got)
	}
	if got := Find("nonsense"); got != "" {
		t.Errorf("found %q for nonsense", got)
	}
}

func TestListeners(t *testing.T) {
	const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:11D6 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 111 1 0
   1: 0100007F:11D6 0100007F:9999 01 00000000:00000000 00:00000000 00000000  1000        0 222 1 0
   2: 0100007F:11D7 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 333 1 0
`
	if got := listeners(table, 4566); len(got) != 1 || got[0] != "111" {
		t.Errorf("got %v", got)
	}
}
