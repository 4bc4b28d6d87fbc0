// Command prove tries on a real account what the project knows from documents
// alone.
//
// It makes a small temporary deployment of template.yaml, with a probe in place of
// the functions and names and buckets of its own, and tries one claim after the
// other: what OSS promises about appends and conditions, how Function Compute passes
// requests and responses, when the timer comes, what the roles may do, what E-HPC
// answers. It reports each as proved, refuted or open, and removes what it has made.
//
//	go run ./scripts/prove -region cn-hangzhou
//	go run ./scripts/prove -h
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"community-images/scripts/build/bundle"
	"community-images/scripts/command"
)

func main() {
	ctx, stop := command.Context()
	defer stop()
	os.Exit(run(ctx, os.Args[1:], process{
		environ: os.Environ(), dir: ".", stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		pollInterval: 3 * time.Second, timerWait: 4 * time.Minute, idle: 5 * time.Second,
		queryTimeout: 30 * time.Second, build: buildCode,
	}))
}

// process is what a run gets from its process and its environment.
type process struct {
	// environ is the environment as os.Environ returns it.
	environ []string
	// dir is the working directory, anywhere in the module.
	dir string
	// stdin has the answer to the confirmation.
	stdin          io.Reader
	stdout, stderr io.Writer // findings; errors
	// pollInterval is the time between two requests for the state of something.
	pollInterval time.Duration
	// timerWait is how long the first event of the timer, and its retry, may take.
	timerWait time.Duration
	// idle is the time between two invocations, to see whether the instance is frozen.
	idle time.Duration
	// queryTimeout is what template.yaml gives the query function.
	queryTimeout time.Duration
	// build builds the functions and the probe.
	build func(ctx context.Context, root, version string) (code, error)
}

// errRefuted is the result of a run that found a claim to be false.
var errRefuted = errors.New("claims are refuted, see above")

// run runs the command. The exit code is 1 if a claim is refuted or the run
// failed, 2 for wrong flags.
func run(ctx context.Context, args []string, p process) int {
	var o options
	return o.command(p.environ).Run(args, p.stderr, func() error {
		prover, err := newProver(ctx, o, p)
		if err != nil {
			return err
		}
		if o.remove != "" {
			return prover.removeLeftovers(ctx)
		}
		if err := prover.confirm(); err != nil {
			return err
		}
		// The report is written also after an error: what was tried is known.
		err = prover.prove(ctx)
		prover.printSummary()
		if err == nil && prover.report.Refuted > 0 {
			err = errRefuted
		}
		return errors.Join(err, prover.writeJSON())
	})
}

// confirm says what the run will make, and returns an error unless the answer is
// yes. With -yes it does not ask.
func (p *prover) confirm() error {
	fmt.Fprintf(p.stdout, `This makes in %s, for about 20 minutes:
  - a stack of ROS, %s, with what template.yaml has: two functions, a timer
    that fires each minute, an HTTP trigger that is open to everybody for some
    minutes, two roles, a log project;
  - two buckets, %s and %s, with at most 50 MB;
and asks E-HPC about 20 questions, one a second. It costs less than one yuan, and
everything is removed at the end. After an interrupt: -remove %s
`, p.region, p.names.stack, p.names.data, p.names.code, p.names.stack)
	if p.yes {
		return nil
	}
	fmt.Fprint(p.stdout, "Go on? Type yes: ")
	answer, err := bufio.NewReader(p.stdin).ReadString('\n')
	if strings.TrimSpace(answer) == "yes" {
		return nil
	}
	if err != nil {
		fmt.Fprintln(p.stdout)
	}
	return &command.UsageError{Err: errors.New("not confirmed, nothing was made; -yes confirms beforehand")}
}

// prove tries all claims, and removes the deployment whatever happens.
func (p *prover) prove(ctx context.Context) (err error) {
	// These need no deployment. If the credentials are wrong, this shows first.
	p.tryClaims(ctx, p.ehpcClaims())
	defer func() {
		// After an interrupt, too.
		removal, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*p.timeout)
		defer cancel()
		p.tryClaims(removal, p.removalClaims())
		if p.left {
			err = errors.Join(err, fmt.Errorf("something is left: remove it with -region %s -remove %s", p.region,
				p.names.stack))
		}
	}()
	if err := p.uploadCode(ctx); err != nil {
		return fmt.Errorf("uploading the code: %w", err)
	}
	// The code bucket is an ordinary bucket: claims about OSS need no stack.
	p.tryClaims(ctx, p.storeClaims())
	p.tryClaims(ctx, p.creationClaims())
	if p.url == "" {
		for _, group := range p.deployedClaims() {
			p.leaveOpen(group.claims, errNoDeployment.Error())
		}
		return nil
	}
	for _, group := range p.deployedClaims() {
		// A group whose authentication is not to be had does not stop the others.
		if err := p.setAuth(ctx, group.auth); err != nil {
			p.leaveOpen(group.claims, err.Error())
			continue
		}
		p.tryClaims(ctx, group.claims)
	}
	return nil
}

// writeJSON writes the report to the file of -json.
func (p *prover) writeJSON() error {
	if p.jsonFile == "" {
		return nil
	}
	p.report.Seconds = time.Since(p.report.Started).Round(time.Second).Seconds()
	data, err := p.report.encode()
	if err == nil {
		err = os.WriteFile(p.jsonFile, data, 0o644)
	}
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// buildCode builds the functions and the probe.
func buildCode(ctx context.Context, root, version string) (code, error) {
	functions, err := bundle.Make(ctx, bundle.Options{Root: root, Version: version})
	if err != nil {
		return code{}, err
	}
	probe, err := buildProbe(ctx, root, bundle.Zip)
	return code{version: version, functions: functions, probe: probe}, err
}
