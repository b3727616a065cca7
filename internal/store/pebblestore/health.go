package pebblestore

import (
	"fmt"

	"github.com/millrace/millrace/internal/store"
)

// maxDamage bounds how many damaged places are remembered.
const maxDamage = 100

// damaged reports damage of a place, once.
func (s *Store) damaged(place string, err, cause error) {
	s.mu.Lock()
	_, known := s.damage[place]
	full := len(s.damage) >= maxDamage
	if !known && !full {
		s.damage[place] = err.Error()
	}
	s.mu.Unlock()
	if known || full {
		return
	}
	s.observer.damaged()
	s.logger.Error("ENV: stored data is damaged; what is elsewhere can be read. Check the disk, and restore this place from a backup",
		"err", err, "cause", cause)
}

// Health tells what is wrong with the store now.
func (s *Store) Health() []store.Problem {
	var problems []store.Problem
	s.mu.Lock()
	for _, message := range s.damage {
		problems = append(problems, store.Problem{Code: "damaged", Message: message})
	}
	s.mu.Unlock()
	if low := s.space.low.Load(); low != nil {
		problems = append(problems, store.Problem{Code: "disk-low", Message: low.Error(), Fatal: true})
	}
	if p, jumped := s.guard.problem(); jumped {
		problems = append(problems, p)
	}
	return problems
}

// damagedRow reports a row of the catalogue that does not parse, and returns the
// error to hand out.
func (s *Store) damagedRow(of string, cause error) error {
	err := fmt.Errorf("row of %s: %w: %w", of, cause, store.ErrCorrupt)
	s.damaged(of, err, cause)
	return err
}
