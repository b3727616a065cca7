//go:build !linux

package child

import "syscall"

// attributes are none: only Linux ties a child's life to its parent's.
func attributes() *syscall.SysProcAttr { return nil }
