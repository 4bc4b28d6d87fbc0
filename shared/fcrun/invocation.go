package fcrun

import (
	"context"

	"community-images/shared/cloud"

	"github.com/aliyun/fc-runtime-go-sdk/fccontext"
	"go.uber.org/zap"
)

// Invocation is what FC reports about one call of a function.
type Invocation struct {
	// RequestID identifies the invocation in FC's log and in X-Fc-Request-Id.
	RequestID string
	// FunctionName is the deployed name, without a qualifier.
	FunctionName string
	// Region is where the function runs, for example "cn-hangzhou".
	Region string
	// RetryCount is 0 on the first try of an asynchronous event.
	RetryCount int
	// Credentials are the temporary ones of the function's role; empty if the
	// function has none.
	Credentials cloud.Credentials
}

// invocationKey is the context key of the *Invocation.
type invocationKey struct{}

// InvocationFrom returns the invocation that ctx belongs to. Outside of one it returns
// the zero Invocation.
func InvocationFrom(ctx context.Context) Invocation {
	if inv, ok := ctx.Value(invocationKey{}).(*Invocation); ok {
		return *inv
	}
	return Invocation{}
}

// RequestID returns the id of the invocation that ctx belongs to, or "".
func RequestID(ctx context.Context) string {
	if inv, ok := ctx.Value(invocationKey{}).(*Invocation); ok {
		return inv.RequestID
	}
	return ""
}

// RequestField returns the request id as a log field.
func RequestField(ctx context.Context) zap.Field { return zap.String("requestId", RequestID(ctx)) }

// beginInvocation returns a context with the invocation. The SDK's FromContext builds
// loggers and writes to what it returns, so it must be called exactly once.
func beginInvocation(ctx context.Context, source *cloud.Source) (context.Context, *Invocation) {
	inv := &Invocation{}
	if fc, ok := fccontext.FromContext(ctx); ok {
		*inv = Invocation{
			RequestID:    fc.RequestID,
			FunctionName: fc.Function.Name,
			Region:       fc.Region,
			RetryCount:   fc.RetryCount,
			Credentials: cloud.Credentials{
				AccessKeyID:     fc.Credentials.AccessKeyId,
				AccessKeySecret: fc.Credentials.AccessKeySecret,
				SecurityToken:   fc.Credentials.SecurityToken,
			},
		}
	}
	source.Update(inv.Credentials)
	return context.WithValue(ctx, invocationKey{}, inv), inv
}
