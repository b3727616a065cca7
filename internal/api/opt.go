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
