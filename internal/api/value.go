package api

// A Struct is a generated structure. Codecs walk it by the indexes of its
// schema, without reflection and without an allocation per member.
type Struct interface {
	// Schema returns the structure's description.
	Schema() *Schema
	// Member returns a pointer to member i: *Opt[T] for scalars, *[]byte for
	// blobs, *Document, a List or a Map. It returns nil for members that are
	// structures; Nested is for those. A List or Map is absent when IsNil.
	Member(i int) any
	// Nested returns the structure that is member i, or nil where it is absent
	// and create is false. With create an absent one is made.
	Nested(i int, create bool) Struct
}

// A List is a generated slice type.
type List interface {
	// Len returns the number of elements; IsNil whether the list is absent.
	Len() int
	IsNil() bool
	// At returns a pointer to element i: *T for scalars and blobs (*Opt[T] in
	// sparse lists), a Struct, a List or a Map. It is valid until the next Append.
	At(i int) any
	// Append adds a zero element and returns it as At does.
	Append() any
	// Make makes the list present, with room for n elements.
	Make(n int)
}

// A Map is a generated map type with string keys.
type Map interface {
	Len() int
	IsNil() bool
	// Range calls f for each entry in ascending order of keys, with a pointer to
	// a copy of the value in the form of List.At, until f returns an error.
	Range(f func(key string, value any) error) error
	// Put calls fill with a pointer to a zero value and stores what it left there.
	Put(key string, fill func(value any) error) error
	// Make makes the map present, with room for n entries.
	Make(n int)
}

// A Resetter is a Struct of a hot operation: Reset makes it zero again but
// keeps the capacity of its lists, so that it can be pooled.
type Resetter interface {
	Struct
	Reset()
}
