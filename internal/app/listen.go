package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"

	"github.com/millrace/millrace/internal/app/portowner"
)

// AddressInUseError says that another process listens on an address.
type AddressInUseError struct {
	Address string
	Flag    string // the setting that changes it
	Owner   string // "redis-server (process id 4711)"; "" where that cannot be told
}

func (e *AddressInUseError) Error() string {
	owner := e.Owner
	if owner == "" {
		owner = "another process"
	}
	return fmt.Sprintf("%s is in use by %s; stop it, or choose another address with --%s", e.Address, owner, e.Flag)
}

func listen(address, flag string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, &AddressInUseError{Address: address, Flag: flag, Owner: portowner.Find(address)}
	}
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", flag, err)
	}
	return l, nil
}
