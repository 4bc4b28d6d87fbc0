package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
)

// stages is the run: check, build, start, snapshot, and then serve until ctx
// ends.
func stages(ctx context.Context, o options, environ []string, out io.Writer, b builder) error {
	listener, err := listen(o)
	if err != nil {
		return err
	}
	if listener != nil {
		defer listener.Close()
	}
	data, err := openData(o.data)
	if err != nil {
		return err
	}
	defer data.close()
	place, err := placeFor(o, data, environ, out)
	if err != nil {
		return err
	}
	defer place.close()
	fmt.Fprintf(out, "building the functions\n")
	binaries, err := b(ctx, filepath.Join(o.data, "bin"))
	if err != nil {
		return err
	}
	pair, err := startFunctions(ctx, binaries, place, data.log)
	if err != nil {
		return err
	}
	defer pair.stop()
	s := &session{options: o, place: place, data: data, pair: pair, out: out}
	if o.once {
		return s.once(ctx)
	}
	return s.serve(ctx, listener)
}

// listen takes the address first, so that one that is in use is told at once.
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

// data is the directory that a run belongs to.
type data struct {
	dir  string
	log  *logFile
	lock *os.File
}

func openData(dir string) (*data, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("making the data directory: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the data directory: %w", err)
	}
	if err := lockFile(lock); err != nil {
		lock.Close()
		return nil, fmt.Errorf("data directory %q is in use by another local run; end it, or choose another with -data", dir)
	}
	log, err := openLog(filepath.Join(dir, "functions.log"))
	if err != nil {
		lock.Close()
		return nil, err
	}
	return &data{dir: dir, log: log, lock: lock}, nil
}

func (d *data) close() {
	d.log.close()
	d.lock.Close() // and with it the lock
}
