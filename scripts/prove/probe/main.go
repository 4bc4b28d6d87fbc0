// Command probe runs in place of the deployed functions while scripts/prove tests
// what Function Compute does. It reports what arrives, and makes responses on
// demand.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"

	"go.uber.org/zap"

	"community-images/scripts/prove/probeapi"
	"community-images/shared/cloud"
	"community-images/shared/config"
	"community-images/shared/fcrun"
)

func main() { fcrun.Main(setup) }

// setup builds the probe from its environment.
func setup(environ []string) (fcrun.Handler, *zap.Logger, error) {
	conf, err := config.SnapshotFrom(environ)
	if err != nil {
		return nil, nil, err
	}
	log := fcrun.NewLogger(os.Stdout, conf.LogLevel, "probe")
	credentials := cloud.NewSource(conf.Credentials)
	p := &probe{observer: newObserver(environ)}
	if p.store, err = openStore(conf, credentials); err != nil {
		return nil, nil, err
	}
	return fcrun.Event(p.handle, fcrun.Options{Log: log, Credentials: credentials}), log, nil
}

// probe answers invocations.
type probe struct {
	observer *observer // of the process
	store    *store    // under the role of the function
}

// event has the members of an event that tell its kind.
type event struct {
	probeapi.Ask
	RawPath *string `json:"rawPath"` // of an HTTP trigger
	Payload string  `json:"payload"` // of a timer
}

// errOnDemand is the error for an event that asks for one.
var errOnDemand = errors.New("failing once, as the event asks")

// handle answers one invocation. Events without HTTP, except those that ask for
// something, are stored in the bucket.
func (p *probe) handle(ctx context.Context, data []byte) (any, error) {
	seen, end := p.observer.begin(ctx, data)
	defer end()
	var e event
	_ = json.Unmarshal(data, &e) // an event of another form is stored, too
	switch {
	// Only events of an HTTP trigger have a path.
	case e.RawPath != nil:
		return p.respond(ctx, *e.RawPath, seen)
	case e.Probe == probeapi.PathStore:
		return p.store.tryAll(ctx), nil
	case e.Probe != "":
		return seen, nil
	}
	if err := p.store.record(ctx, seen); err != nil {
		return nil, err
	}
	// The text is looked for anywhere: a payload is a JSON string within the event.
	if seen.RetryCount == 0 && strings.Contains(string(data), probeapi.FailOnce) {
		return nil, errOnDemand
	}
	return seen, nil
}
