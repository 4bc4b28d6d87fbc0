package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"

	"community-images/scripts/datadir"
)

// runProduct builds and starts the functions, takes a snapshot, and then serves
// lookups until ctx ends.
func runProduct(ctx context.Context, o options, environ []string, out io.Writer, build builder) error {
	listener, err := listen(o)
	if err != nil {
		return err
	}
	if listener != nil {
		defer listener.Close()
	}
	dir, err := datadir.Open(o.data)
	if err != nil {
		return err
	}
	defer dir.Close()
	log, err := openLog(dir.Path("functions.log"))
	if err != nil {
		return err
	}
	defer log.close()
	b, err := openBackend(o, dir, environ, out)
	if err != nil {
		return err
	}
	defer b.close()
	fmt.Fprintln(out, "building the functions")
	built, err := build(ctx, dir.Path("bin"))
	if err != nil {
		return err
	}
	f, err := startFunctions(ctx, built, b, log)
	if err != nil {
		return err
	}
	defer f.stop()
	s := &session{options: o, backend: b, log: log, functions: f, out: out}
	if o.once {
		return s.takeOneSnapshot(ctx)
	}
	return s.serve(ctx, listener)
}

// listen opens the address before anything is built, so that an address in use
// is reported at once. It returns nil with -once.
func listen(o options) (net.Listener, error) {
	if o.once {
		return nil, nil
	}
	listener, err := net.Listen("tcp", o.addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("address %s is in use; end what uses it, or choose another with -addr", o.addr)
	case err != nil:
		return nil, fmt.Errorf("listening: %w", err)
	}
	return listener, nil
}
