package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"community-images/scripts/build/bundle"
	"community-images/scripts/command"
	"community-images/scripts/deploy/acs"
	"community-images/scripts/deploy/ros"
	"community-images/shared/cloud"
	"community-images/shared/ossbucket"
)

// prover is one run of the command.
type prover struct {
	options
	process
	clients
	deployed
	// names are those of the deployment, or with -remove those of an earlier one.
	names names
	// template is the text of template.yaml, which ROS gets as it is.
	template string
	// root is the directory of the module, in which the code is built.
	root string
	// code is set once it is uploaded.
	code code
	// report grows with each finding.
	report report
}

// clients call the services with the deployer's credentials.
type clients struct {
	// ros makes, changes and deletes the stack.
	ros *ros.Client
	// fc invokes functions without the HTTP trigger.
	fc *acs.Client
	// data is the bucket of the deployment. The stack makes it.
	data *ossbucket.Bucket
	// codeIn is the bucket with the code packages. The claims about OSS are tried in
	// it, because it exists before the stack.
	codeIn *ossbucket.Bucket
}

// deployed is what was made so far.
type deployed struct {
	// stackID is empty if there is no stack, or if its creation was interrupted.
	stackID string
	// url is that of the HTTP trigger. It is empty if the stack was not created.
	url string
	// auth is the authentication of the HTTP trigger at the moment.
	auth string
	// token is what the authentication bearer accepts. It is new in each run.
	token string
	// jwt makes what the authentication jwt accepts.
	jwt *jwtIssuer
	// left says that something could not be removed.
	left bool
}

// code is what the run uploads.
type code struct {
	// version is what the functions report.
	version string
	// functions are the real code packages.
	functions []bundle.Bundle
	// probe has the same handlers, and runs in place of the functions at first.
	probe []bundle.Bundle
}

// namePrefix begins the names of all temporary deployments.
const namePrefix = "ci-prove-"

// names are those of one temporary deployment.
type names struct {
	stack      string // also the beginning of the names of its functions and roles
	data, code string // buckets
}

// newNames returns the names that belong to a stack.
func newNames(stack string) names {
	return names{stack: stack, data: stack + "-data", code: stack + "-code"}
}

// newProver opens the clients and reads the template. It makes no call.
func newProver(ctx context.Context, o options, p process) (*prover, error) {
	root, err := bundle.Root(ctx, p.dir)
	if err != nil {
		return nil, err
	}
	version, err := bundle.Version(ctx, root)
	if err != nil {
		return nil, err
	}
	template, err := os.ReadFile(filepath.Join(root, "template.yaml"))
	if err != nil {
		return nil, fmt.Errorf("reading the template: %w", err)
	}
	stack := o.remove
	if stack == "" {
		stack = namePrefix + strings.ToLower(rand.Text()[:8])
	}
	issuer, err := newJWTIssuer()
	if err != nil {
		return nil, err
	}
	prover := &prover{
		options: o, process: p, names: newNames(stack), template: string(template), root: root,
		deployed: deployed{token: rand.Text() + rand.Text(), jwt: issuer}, // 52 characters
		report:   report{Version: version, Region: o.region, Started: time.Now().UTC()},
	}
	if prover.ros, err = ros.New(o.endpoints.ros, o.region, o.credentials, p.pollInterval); err != nil {
		return nil, &command.UsageError{Err: fmt.Errorf("-ros-endpoint: %w", err)}
	}
	if prover.fc, err = acs.New(o.endpoints.fc, fcVersion, o.credentials); err != nil {
		return nil, &command.UsageError{Err: fmt.Errorf("-fc-endpoint: %w", err)}
	}
	if prover.data, err = prover.openBucket(prover.names.data); err == nil {
		prover.codeIn, err = prover.openBucket(prover.names.code)
	}
	if err != nil {
		return nil, &command.UsageError{Err: fmt.Errorf("-oss-endpoint: %w", err)}
	}
	return prover, nil
}

// openBucket opens a bucket with the deployer's credentials.
func (p *prover) openBucket(name string) (*ossbucket.Bucket, error) {
	return ossbucket.New(ossbucket.Options{
		Endpoint: p.endpoints.oss, Region: p.region, Bucket: name, ReadTimeout: time.Minute,
		Credentials: func(context.Context) (cloud.Credentials, error) { return p.credentials, nil },
	})
}

// privateNames returns what the report must not show.
func (p *prover) privateNames() []string {
	host := ""
	if u, err := url.Parse(p.url); err == nil {
		host = u.Host
	}
	return []string{p.token, p.stackID, p.names.data, p.names.code, p.names.stack, host}
}
