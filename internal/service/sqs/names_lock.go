package sqs

import (
	"hash/maphash"
	"sync"
)

// nameLocks keep creations and deletions of one name apart: each takes several
// commits, and must not meet the other's in the middle.
type nameLocks struct {
	seed    maphash.Seed
	stripes [64]sync.Mutex
}

// lockName locks a queue's name and returns what unlocks it.
func (s *Service) lockName(key queueKey) (unlock func()) {
	m := &s.names.stripes[maphash.Comparable(s.names.seed, key)%uint64(len(s.names.stripes))]
	m.Lock()
	return m.Unlock
}
