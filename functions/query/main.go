// Command query is the function that answers lookups over HTTP from what the
// snapshot function has committed to OSS.
package main

import (
	"os"

	"go.uber.org/zap"

	"community-images/shared/cloud"
	"community-images/shared/config"
	"community-images/shared/fcrun"
)

// version is set by the build: -ldflags "-X main.version=…".
var version = "devel"

func main() { fcrun.Main(setup, fcrun.HoldCollector, fcrun.OneCPU) }

// setup builds the function from its environment.
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
