package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"

	"community-images/scripts/build/bundle"
	"community-images/scripts/datadir"
)

// runProduct builds and starts the functions, takes a snapshot, and then serves
// lookups until ctx ends. Everything that can be refused is checked before the
// build, which takes longest.
func runProduct(ctx context.Context, o options, p process) error {
	// The order matters: each step may need minutes or leave something behind, so
	// what fails most often comes first.
	if err := checkCheckout(ctx, p.dir); err != nil {
		return err
	}
	listener, err := listen(o)
	if err != nil {
		return err
	}
	if listener != nil {
		defer listener.Close()
	}
	dir, err := openData(ctx, o, p)
	if err != nil {
		return err
	}
	defer dir.Close()
	// The functions print much more than a person wants to see.
	log, err := openLog(dir.Path("functions.log"))
	if err != nil {
		return err
	}
	defer log.close()
	b, err := openBackend(ctx, o, dir, p)
	if err != nil {
		return err
	}
	defer b.close()
	// The functions stop before the endpoints that they call.
	f, err := buildAndStart(ctx, p, dir.Path("bin"), b, log)
	if err != nil {
		return err
	}
	defer f.stop()
	s := &session{options: o, backend: b, log: log, functions: f, out: p.stdout}
	if o.once {
		return s.takeOneSnapshot(ctx)
	}
	return s.serve(ctx, listener)
}

// openData opens the data directory, and seeds a history if it is empty. The directory is
// locked: two runs would spoil each other's data.
func openData(ctx context.Context, o options, p process) (*datadir.Directory, error) {
	dir, err := datadir.Open(o.data)
	if err != nil {
		return nil, err
	}
	if err := seedIfEmpty(ctx, o, dir, p.stdout); err != nil {
		dir.Close()
		return nil, err
	}
	return dir, nil
}

// checkCheckout returns an error unless dir is in a checkout: the functions are
// built from there.
func checkCheckout(ctx context.Context, dir string) error {
	_, err := bundle.Root(ctx, dir)
	if ctx.Err() != nil {
		return errInterrupted
	}
	return err
}

// buildAndStart builds both functions into a directory and starts them.
func buildAndStart(ctx context.Context, p process, dir string, b *backend, log *logFile) (*functions, error) {
	fmt.Fprintln(p.stdout, "building the functions")
	built, err := p.build(ctx, dir)
	if err != nil {
		return nil, err
	}
	return startFunctions(ctx, built, b, log)
}

// listen opens the address before anything is built, so that an address in use
// is reported at once. It returns nil with -once.
func listen(o options) (net.Listener, error) {
	if o.once {
		return nil, nil
	}
	// Connections wait in the listener's queue until serve accepts them.
	listener, err := net.Listen("tcp", o.addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("address %s is in use; end what uses it, or choose another with -addr", o.addr)
	case err != nil:
		return nil, fmt.Errorf("listening: %w", err)
	}
	return listener, nil
}
