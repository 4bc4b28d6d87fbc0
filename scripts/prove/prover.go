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
	names    names
	template string // text of template.yaml
	root     string // directory of the module
	code     code
	report   report
}

// clients call the services with the deployer's credentials.
type clients struct {
	ros    *ros.Client
	fc     *acs.Client
	data   *ossbucket.Bucket // of the deployment
	codeIn *ossbucket.Bucket // the code bucket
}

// deployed is what was made so far.
type deployed struct {
	stackID string // empty: there is no stack
	url     string // of the HTTP trigger; empty: the stack was not created
	auth    string // authentication of the HTTP trigger at the moment
	token   string // for the authentication bearer
	left    bool   // something could not be removed
}

// code is what the run uploads.
type code struct {
	version   string
	functions []bundle.Bundle
	probe     []bundle.Bundle // in place of the functions
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
	prover := &prover{
		options: o, process: p, names: newNames(stack), template: string(template), root: root,
		deployed: deployed{token: rand.Text() + rand.Text()}, // 52 characters
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
