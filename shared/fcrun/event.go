package fcrun

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"

	"community-images/shared/cloud"

	"github.com/aliyun/fc-runtime-go-sdk/fc/messages"
	"go.uber.org/zap"
)

// Handler is what Main runs: it gets the bytes of an event as FC delivered
// them. The result is encoded as JSON; an error makes FC retry an asynchronous
// event.
type Handler func(ctx context.Context, event []byte) (any, error)

// Options are what the handlers of this package need.
type Options struct {
	// Log receives panics and function errors. Required.
	Log *zap.Logger
	// Credentials learns those of each invocation. May be nil.
	Credentials *cloud.Source
}

// Event makes a Handler of a function that takes raw events. The context ends
// at FC's deadline; InvocationFrom tells the rest. An error is logged and
// becomes a function error without secrets in its text; so does a panic, whose
// details go to the log only.
func Event(handle func(ctx context.Context, event []byte) (any, error), o Options) Handler {
	return func(ctx context.Context, event []byte) (result any, err error) {
		// The request id must be known before anything can panic.
		ctx, inv := beginInvocation(ctx, o.Credentials)
		defer func() {
			if p := recover(); p != nil {
				o.logPanic(inv, p)
				result, err = nil, messages.InvokeResponse_Error{
					Type: "Panic",
					Message: fmt.Sprintf("an unexpected failure; the log has the details under request id %q",
						inv.RequestID),
				}
			}
		}()
		// Encode here, not in the SDK: an error of the encoding must be logged as well.
		report, err := handle(ctx, event)
		if err == nil {
			var coded []byte
			if coded, err = json.Marshal(report); err == nil {
				return json.RawMessage(coded), nil
			}
			err = fmt.Errorf("encoding the report: %w", err)
		}
		// The text is in the log and in the response, so both get the redacted one.
		text := o.redact(inv, err.Error())
		o.Log.Error("invocation failed", zap.String("requestId", inv.RequestID), zap.Int("retryCount", inv.RetryCount),
			zap.String("error", text))
		return nil, messages.InvokeResponse_Error{Type: "InvocationFailed", Message: text}
	}
}

// logPanic logs a panic with its stack. The stack has function names and line
// numbers, but no values, so it needs no redacting.
func (o Options) logPanic(inv *Invocation, p any) {
	o.Log.Error("panic in the handler",
		zap.String("requestId", inv.RequestID),
		zap.String("panic", o.redact(inv, fmt.Sprint(p))),
		zap.String("stack", string(debug.Stack())))
}

// redact removes all credentials from a text that leaves the function.
func (o Options) redact(inv *Invocation, text string) string {
	return redactSigned(o.Credentials.Redact(inv.Credentials.Redact(text)))
}
