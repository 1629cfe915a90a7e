package cbrapi

import "context"

type operationKey struct{}

func withOperation(ctx context.Context, operation string) context.Context {
	return context.WithValue(ctx, operationKey{}, operation)
}

// Operation returns the API's name of the operation that a request with the
// context ctx is for, such as ShowOpLog, and "" for a request that is not this
// package's. It lets a transport label what it measures.
func Operation(ctx context.Context) string {
	operation, _ := ctx.Value(operationKey{}).(string)
	return operation
}
