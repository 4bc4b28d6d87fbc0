package fcrun

import (
	"bytes"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// NewLogger writes one JSON object per line: time (UTC, RFC 3339 with
// milliseconds), level, message, functionName and the entry's own fields. FC
// sends what is written to standard output to its log store.
func NewLogger(out zapcore.WriteSyncer, level zapcore.Level, functionName string) *zap.Logger {
	coder := zapcore.NewJSONEncoder(zapcore.EncoderConfig{
		TimeKey: "time", LevelKey: "level", MessageKey: "message", StacktraceKey: "stack",
		LineEnding:  "\n",
		EncodeLevel: zapcore.LowercaseLevelEncoder,
		EncodeTime: func(t time.Time, enc zapcore.PrimitiveArrayEncoder) {
			enc.AppendString(t.UTC().Format("2006-01-02T15:04:05.000Z"))
		},
		EncodeDuration: zapcore.MillisDurationEncoder,
	})
	log := zap.New(zapcore.NewCore(coder, zapcore.Lock(out), level))
	if functionName != "" {
		log = log.With(zap.String("functionName", functionName))
	}
	return log
}

// sdkLog turns the FC SDK's own log lines into entries of ours.
type sdkLog struct {
	// log gets one entry for each line of the SDK.
	log *zap.Logger
	// pause is time.Sleep outside tests.
	pause func(time.Duration)
}

// nextPause is how long the SDK is held up after its runtime API refused to
// hand out an invocation. The SDK asks again at once, thousands of times a
// second, and logs each time, which is the only place to hold it up at.
const nextPause = 100 * time.Millisecond

// Write implements io.Writer for one line of the standard logger.
func (w sdkLog) Write(line []byte) (int, error) {
	text := string(bytes.TrimSpace(line))
	switch {
	case bytes.Contains(line, []byte("failed to get invoke request")):
		w.log.Warn("asking for the next invocation", zap.String("error", text))
		w.pause(nextPause)
	case bytes.Contains(line, []byte(" [ERROR] ")):
		w.log.Debug("function error", zap.String("error", text)) // logged by Event as an error
	default:
		w.log.Warn("message of the runtime", zap.String("text", text))
	}
	return len(line), nil
}
