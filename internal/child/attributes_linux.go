package child

import "syscall"

// attributes make the child end when its parent does, however that comes about.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
