package api

import "context"

// NewService ties operations to the service that they belong to.
func NewService(s Service, operations ...*Operation) *Service {
	for _, op := range operations {
		op.Service = &s
	}
	s.Operations = operations
	return &s
}

// Seal completes the schemas of a table. The generated packages call it once,
// before main starts.
func Seal(table []Schema) {
	for i := range table {
		table[i].seal()
	}
}

// The adapters below turn a service's method into Handler.Call or
// Handler.Stream. The generated Bind uses them.

// CallInOut adapts the method of an operation with input and output.
func CallInOut[I, O Struct](f func(context.Context, I, O) error) func(context.Context, Struct, Struct) error {
	return func(ctx context.Context, in, out Struct) error { return f(ctx, in.(I), out.(O)) }
}

// CallIn adapts the method of an operation without output.
func CallIn[I Struct](f func(context.Context, I) error) func(context.Context, Struct, Struct) error {
	return func(ctx context.Context, in, _ Struct) error { return f(ctx, in.(I)) }
}

// CallOut adapts the method of an operation without input.
func CallOut[O Struct](f func(context.Context, O) error) func(context.Context, Struct, Struct) error {
	return func(ctx context.Context, _, out Struct) error { return f(ctx, out.(O)) }
}

// CallNone adapts the method of an operation with neither.
func CallNone(f func(context.Context) error) func(context.Context, Struct, Struct) error {
	return func(ctx context.Context, _, _ Struct) error { return f(ctx) }
}

// StreamIn adapts the method of an operation that answers with events.
func StreamIn[I Struct](f func(context.Context, I, EventStream) error) func(context.Context, Struct, EventStream) error {
	return func(ctx context.Context, in Struct, out EventStream) error { return f(ctx, in.(I), out) }
}
