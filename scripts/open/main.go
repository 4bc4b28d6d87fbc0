// Command open opens a deployment on this machine: a gateway on 127.0.0.1 that
// signs every request with the caller's access key, or adds a bearer token, and
// takes away that Function Compute turns pages into downloads.
//
//	go run ./scripts/open -region cn-hangzhou
//	go run ./scripts/open -url https://….fcapp.run
//	go run ./scripts/open -h
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"community-images/scripts/command"
)

func main() {
	ctx, stop := command.Context()
	defer stop()
	os.Exit(run(ctx, os.Args[1:], process{
		environ: os.Environ(), stdout: os.Stdout, stderr: os.Stderr, limits: defaultLimits, retryDelay: time.Second,
	}))
}

// process is what a run gets from its process and its environment.
type process struct {
	// environ is the environment, in the form of os.Environ.
	environ        []string
	stdout, stderr io.Writer
	limits         limits
	// retryDelay is the time before the second try of a call to ROS.
	retryDelay time.Duration
}

// run runs the command until its context ends. The exit code is 1 if the gateway
// cannot start, 2 for wrong or missing flags.
func run(ctx context.Context, args []string, p process) int {
	o := options{environ: p.environ}
	return o.command().Run(args, p.stderr, func() error {
		err := serve(ctx, o, p)
		if err == nil {
			return nil
		}
		redacted := errors.New(oneLine(o.redact(err.Error())))
		var usage *command.UsageError
		if errors.As(err, &usage) {
			return &command.UsageError{Err: redacted}
		}
		return redacted
	})
}

// serve finds the deployment, checks that it lets the caller in, and serves it
// until the context ends.
func serve(ctx context.Context, o options, p process) error {
	target, err := findDeployment(ctx, o, p)
	if err != nil {
		return err
	}
	up := newUpstream(target, o.authentication(), p.limits)
	state, err := up.check(ctx)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return fmt.Errorf("listening on %s: %w", o.listen, err)
	}
	keys := newSecrets(o.credentials)
	g := newGateway(up, newGuard(keys, listener.Addr().String()), p.limits)
	curlFile, remove, err := writeCurlFile(keys.text)
	if err != nil {
		listener.Close()
		return err
	}
	defer remove()
	printUse(p.stdout, use{
		deployment: target.Host, state: state, address: listener.Addr().String(), secrets: keys, curlFile: curlFile,
	})
	return serveUntil(ctx, listener, g, p.limits)
}

// serveUntil serves the gateway until the context ends.
func serveUntil(ctx context.Context, listener net.Listener, g http.Handler, l limits) error {
	server := &http.Server{
		Handler: g, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: l.total + 30*time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		// The log of net/http shows addresses and headers of requests.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := server.Shutdown(ending); err != nil {
		return server.Close() // what is still open after that is cut off
	}
	return nil
}

// oneLine returns a text on one line.
func oneLine(s string) string { return strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " ") }
