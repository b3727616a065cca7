package store

import "context"

type freeingKey struct{}

// Freeing marks the updates made under the context as ones that free space, or
// that are needed to. They are accepted when the disk is below its reserve.
// Trim, Seal and Drop always are.
func Freeing(ctx context.Context) context.Context {
	return context.WithValue(ctx, freeingKey{}, true)
}

// IsFreeing reports whether ctx was marked by Freeing.
func IsFreeing(ctx context.Context) bool { return ctx.Value(freeingKey{}) != nil }
