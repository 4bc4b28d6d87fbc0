package fcrun

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aliyun/fc-runtime-go-sdk/fc"
	"go.uber.org/zap"
)

// Setup builds a function from its environment, given as os.Environ does.
type Setup func(environ []string) (Handler, *zap.Logger, error)

// Main is the whole main of a function. It builds the function, gives it to the FC
// SDK and does not return. If the function cannot start, it prints why to standard
// error and exits with 1. Each wrapper, for example DelayFirstGC, is applied to the
// handler.
func Main(setup Setup, wrappers ...func(Handler) Handler) {
	os.Exit(run(setup, os.Environ(), os.Stderr, func(h Handler, log *zap.Logger) {
		for _, wrap := range wrappers {
			h = wrap(h)
		}
		start(h, log)
	}))
}

// runtimeAPI is the variable with the address of FC's runtime API.
const runtimeAPI = "FC_RUNTIME_API"

// run builds the function and calls start. It returns an exit code.
func run(setup Setup, environ []string, stderr io.Writer, start func(Handler, *zap.Logger)) int {
	// Without a runtime API the SDK would exit without a reason.
	inFC := slices.ContainsFunc(environ, func(v string) bool {
		return strings.HasPrefix(v, runtimeAPI+"=") && v != runtimeAPI+"="
	})
	if !inFC {
		fmt.Fprintf(stderr, "%s is not set: this program runs inside Function Compute; "+
			"to run it on this machine: go run ./scripts/local\n", runtimeAPI)
		return 1
	}
	handler, log, err := setup(environ)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	start(handler, log)
	return 1 // the SDK gave up
}

// maxIdlePerHost replaces net/http's 2 idle connections. The SDK posts responses over
// http.DefaultTransport, and would dial anew for most of them when several
// invocations are in flight.
const maxIdlePerHost = 64

// start runs the SDK's loop. It changes process-wide settings, so only main calls it.
func start(handler Handler, logger *zap.Logger) {
	// The SDK has no option for its HTTP client.
	if t, ok := http.DefaultTransport.(*http.Transport); ok {
		t.MaxIdleConnsPerHost = maxIdlePerHost
	}
	// The SDK logs through the standard logger, in a format of its own.
	log.SetOutput(sdkLog{log: logger, pause: time.Sleep})
	if limit := memoryLimit(os.Getenv); limit > 0 {
		debug.SetMemoryLimit(limit)
	}
	fc.Start(handler)
}

// memoryLimit returns the memory limit for Go's garbage collector, in bytes: half of
// the instance's memory. FC kills an instance that uses all of it, and a burst, for
// example a month of the log, exceeds the limit before it can be collected. It returns
// 0 if the operator has set GOMEMLIMIT or the size is not known.
func memoryLimit(lookup func(string) string) int64 {
	megabytes, err := strconv.ParseInt(lookup("FC_FUNCTION_MEMORY_SIZE"), 10, 32)
	if err != nil || megabytes <= 0 || lookup("GOMEMLIMIT") != "" {
		return 0
	}
	return megabytes << 20 / 2
}
