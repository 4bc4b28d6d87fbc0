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

// Main is the whole of a function's main: it builds the function, hands it to
// the FC SDK and does not return. What keeps it from starting is said on
// standard error and ends the process with 1. tune, such as HoldCollector, is
// applied to the function once it is built.
func Main(setup Setup, tune ...func(Handler) Handler) {
	os.Exit(run(setup, os.Environ(), os.Stderr, func(h Handler, log *zap.Logger) {
		for _, f := range tune {
			h = f(h)
		}
		start(h, log)
	}))
}

// runtimeAPI is the variable in which FC names the address of its runtime API.
const runtimeAPI = "FC_RUNTIME_API"

func run(setup Setup, environ []string, stderr io.Writer, start func(Handler, *zap.Logger)) int {
	if !slices.ContainsFunc(environ, func(v string) bool { return strings.HasPrefix(v, runtimeAPI+"=") && v != runtimeAPI+"=" }) {
		fmt.Fprintf(stderr, "%s is not set: this program runs inside Function Compute; to run it on this machine: go run ./scripts/local\n", runtimeAPI)
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

// idlePerHost replaces net/http's 2 connections: the SDK posts its answers
// over http.DefaultTransport, and would otherwise dial anew for most of them
// when several invocations are in flight.
const idlePerHost = 64

// start runs the SDK's loop. It changes process-wide settings, which is why it
// is reached from main only.
func start(handler Handler, logger *zap.Logger) {
	if t, ok := http.DefaultTransport.(*http.Transport); ok {
		t.MaxIdleConnsPerHost = idlePerHost
	}
	log.SetOutput(sdkLog{log: logger, pause: time.Sleep})
	if limit := memoryLimit(os.Getenv); limit > 0 {
		debug.SetMemoryLimit(limit)
	}
	fc.Start(handler)
}

// memoryLimit is what Go's collector aims at, in bytes: half of what FC gives
// the instance, which it kills at the whole. A burst, such as a month of the
// log with its lines, goes beyond the aim before it can be collected. 0: the
// operator has set GOMEMLIMIT, or the size is not known.
func memoryLimit(lookup func(string) string) int64 {
	megabytes, err := strconv.ParseInt(lookup("FC_FUNCTION_MEMORY_SIZE"), 10, 32)
	if err != nil || megabytes <= 0 || lookup("GOMEMLIMIT") != "" {
		return 0
	}
	return megabytes << 20 / 2
}
