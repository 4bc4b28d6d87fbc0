// Command query is the function that answers lookups over HTTP from the
// snapshots in OSS.
//
// It only reads. It never calls E-HPC, and a lookup that finds its data in memory
// makes no call at all.
package main

import (
	"os"
	"runtime"

	"go.uber.org/zap"

	"community-images/shared/cloud"
	"community-images/shared/config"
	"community-images/shared/fcrun"
)

// version is set by the build: -ldflags "-X main.version=…".
var version = "devel"

// main runs the function on one CPU, unless the operator has set GOMAXPROCS. FC hands
// an instance one invocation at a time, and the SDK passes each through six
// goroutines: with more CPUs every hand-over would wake another thread.
func main() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(1)
	}
	fcrun.Main(setup, fcrun.DelayFirstGC)
}

// setup builds the function from its environment, given as os.Environ does. The
// error names every setting that is wrong.
func setup(environ []string) (fcrun.Handler, *zap.Logger, error) {
	conf, err := config.QueryFrom(environ)
	if err != nil {
		return nil, nil, err
	}
	log := fcrun.NewLogger(os.Stdout, conf.LogLevel, "query")
	log.Info("starting", zap.String("version", version))
	credentials := cloud.NewSource(conf.Credentials)
	handler, err := newHandler(conf, credentials, log)
	if err != nil {
		return nil, nil, err
	}
	return fcrun.HTTP(handler, fcrun.Options{Log: log, Credentials: credentials}), log, nil
}
