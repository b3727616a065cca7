package api

import (
	"maps"
	"slices"
)

// ListOf is the List over a plain slice: generated structures hold []T, and
// their Member returns the field's address converted to *ListOf[T]. Where T is
// itself a list or a map, it is a ListOf or a MapOf.
type ListOf[T any] []T

// Len returns the number of elements.
func (l *ListOf[T]) Len() int { return len(*l) }

// IsNil reports whether the list is absent.
func (l *ListOf[T]) IsNil() bool { return *l == nil }

// At returns a pointer to element i.
func (l *ListOf[T]) At(i int) any { return &(*l)[i] }

// Append adds a zero element and returns a pointer to it.
func (l *ListOf[T]) Append() any {
	var zero T
	*l = append(*l, zero)
	return &(*l)[len(*l)-1]
}

// Make makes the list present and empty, with room for n elements.
func (l *ListOf[T]) Make(n int) { *l = make([]T, 0, n) }

// MapOf is the Map over a plain Go map, as ListOf is the List over a slice.
type MapOf[T any] map[string]T

// Len returns the number of entries.
func (m *MapOf[T]) Len() int { return len(*m) }

// IsNil reports whether the map is absent.
func (m *MapOf[T]) IsNil() bool { return *m == nil }

// Range calls f for each entry in ascending order of keys.
func (m *MapOf[T]) Range(f func(key string, value any) error) error {
	for _, k := range slices.Sorted(maps.Keys(*m)) {
		v := (*m)[k]
		if err := f(k, &v); err != nil {
			return err
		}
	}
	return nil
}

// Put stores the value that fill makes of a zero one. Nothing is stored where
// fill fails.
func (m *MapOf[T]) Put(key string, fill func(value any) error) error {
	var v T
	if err := fill(&v); err != nil {
		return err
	}
	if *m == nil {
		*m = make(map[string]T)
	}
	(*m)[key] = v
	return nil
}

// Make makes the map present and empty, with room for n entries.
func (m *MapOf[T]) Make(n int) { *m = make(map[string]T, n) }

// keepCapacity bounds the elements that a pooled list keeps room for: the
// largest page that a hot operation answers with (GetRecords: 10,000 records).
const keepCapacity = 10_000

// Spare returns the memory that a pooled structure keeps for its next use: that
// of list, cleared, or old where the list was absent; nil where it is too much.
func Spare[T any](list, old []T) []T {
	if list == nil {
		return old
	}
	if cap(list) > keepCapacity {
		return nil
	}
	clear(list)
	return list[:0]
}

// MakeList returns an empty list with room for n elements, made of spare where
// that is large enough.
func MakeList[T any](spare []T, n int) []T {
	if spare != nil && n <= cap(spare) {
		return spare[:0]
	}
	return make([]T, 0, n)
}
