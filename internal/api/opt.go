package api

// Opt is a scalar member that may be absent. The zero value is absent.
// Enumerations are Opt[string]; their values are constants in the generated
// package.
type Opt[T any] struct {
	V   T    // the value; the zero value of T where Set is false
	Set bool // whether the member was given
}

// Some returns a present value.
func Some[T any](v T) Opt[T] { return Opt[T]{V: v, Set: true} }

// Or returns the value, or def where it is absent.
func (o Opt[T]) Or(def T) T {
	if o.Set {
		return o.V
	}
	return def
}

// Optional is *Opt[T] to code that does not know T, such as a codec that walks
// a sparse list of structures.
type Optional interface {
	// IsSet reports whether the value is present.
	IsSet() bool
	// Value returns a pointer to V in the form of List.At.
	Value() any
	// Put makes the value present and returns it as Value does.
	Put() any
}

// IsSet implements Optional.
func (o *Opt[T]) IsSet() bool { return o.Set }

// Value implements Optional.
func (o *Opt[T]) Value() any { return &o.V }

// Put implements Optional.
func (o *Opt[T]) Put() any {
	o.Set = true
	return &o.V
}
