package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"regexp"
	"strings"
	"time"

	"community-images/scripts/command"
	"community-images/scripts/deploy/acs"
	"community-images/shared/cloud"
)

// options are the flags, and the credentials of the environment.
type options struct {
	// region is the region of the stack, and stack its name.
	region, stack string
	// bucket is for the snapshots, codeBucket for the code packages.
	bucket, codeBucket string
	// createCodeBucket creates the code bucket if it does not exist.
	createCodeBucket bool
	// regions is a comma list of the E-HPC regions to capture. Empty: an existing
	// stack keeps its list, and a new one captures its own region.
	regions string
	// parameters are those of the template that have no flag of their own.
	parameters parameterFlags
	// mode says what is done. The zero mode deploys.
	mode mode
	// timeout is how long to wait for the stack, and for one invocation.
	timeout time.Duration
	// source says which code and template are deployed.
	source source
	// endpoints are the services to call. Tests have others than the region's.
	endpoints endpoints
	// credentials are the deployer's, from the environment. They may be temporary.
	credentials cloud.Credentials
}

// mode says what is done with the stack: it is deployed unless plan or destroy
// is set.
type mode struct {
	// plan only prints what would change. It goes with neither of the others.
	plan bool
	// destroy deletes the stack instead of deploying it.
	destroy bool
	// deleteData names the bucket that destroy deletes, too. Empty: none.
	deleteData string
	// yes does not ask for confirmation.
	yes bool
}

// source says what is deployed. An empty version is the commit, an empty
// template that of the checkout.
type source struct {
	version, template string
	// file is the template, read while the flags are checked; nil with -destroy.
	file *templateFile
}

// endpoints are the URLs of the services. readEnvironment fills in those that
// depend on the region.
type endpoints struct{ ros, fc, oss string }

// usage stands above the list of flags.
const usage = `Usage: go run ./scripts/deploy -region REGION -bucket NAME -code-bucket NAME [flags]

Builds and uploads the code, creates or updates the stack of template.yaml,
waits for it, prints its outputs and tests the functions. The access key is
taken from ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET and, if
it is a temporary one, ALIBABA_CLOUD_SECURITY_TOKEN.

`

// command returns the command line. Parsing it sets o. All faults are reported
// at once, those of the environment and of the template's parameters included.
func (o *options) command(ctx context.Context, args []string, p process) command.Command {
	check := func(flags *flag.FlagSet) error {
		o.readEnvironment(p.environ)
		problems := o.problems()
		if !o.mode.destroy {
			o.source.file = readTemplate(ctx, o.source.template, p.dir)
			problems = append(problems, o.source.file.check(*o)...)
		}
		if flags.NArg() > 0 {
			// The argument is not shown: it may be the value of a secret
			// parameter.
			place := len(args) - flags.NArg() + 1
			problem := fmt.Errorf("unexpected argument at place %d: everything is a flag", place)
			problems = append([]error{problem}, problems...)
		}
		return errors.Join(problems...)
	}
	return command.Command{Name: "deploy", Usage: usage, Define: o.define, Check: check}
}

// define defines the flags. No flag may have a secret as its value except -param
// and -param-file, which never return it in an error.
func (o *options) define(flags *flag.FlagSet) {
	text := func(value *string, name, def, usage string) { flags.StringVar(value, name, def, usage) }
	text(&o.region, "region", "", "`region` to deploy to, such as cn-hangzhou")
	text(&o.stack, "stack", "community-images", "`name` of the stack")
	text(&o.bucket, "bucket", "", "`name` of the bucket for the snapshots; the stack creates it")
	text(&o.codeBucket, "code-bucket", "", "`name` of the bucket for the code packages, in the same region")
	flags.BoolVar(&o.createCodeBucket, "create-code-bucket", false,
		"create the code bucket, private, if it does not exist")
	text(&o.regions, "regions", "", "comma `list` of the E-HPC regions to capture (default that of -region)")
	flags.Func("param", "`Name=Value` of another parameter of the template; repeatable. "+
		"Parameters that are not given keep their values", o.parameters.addValue)
	flags.Func("param-file", "`Name=FILE`: the same with the content of a file, for secrets and certificates",
		o.parameters.addFile)
	flags.BoolVar(&o.mode.plan, "plan", false, "print what would change; change and upload nothing")
	flags.BoolVar(&o.mode.destroy, "destroy", false, "delete the stack; the bucket with the snapshots stays")
	text(&o.mode.deleteData, "delete-data", "",
		"with -destroy: also delete the bucket with this `name` and all objects in it")
	flags.DurationVar(&o.timeout, "timeout", 30*time.Minute, "how long to wait for the stack")
	flags.BoolVar(&o.mode.yes, "yes", false, "do not ask for confirmation")
	text(&o.source.version, "version", "", "`version` that the functions report (default the commit)")
	text(&o.source.template, "template", "", "`file` with the template (default template.yaml of the checkout)")
	text(&o.endpoints.ros, "ros-endpoint", "https://ros.aliyuncs.com", "`URL` of ROS")
	text(&o.endpoints.fc, "fc-endpoint", "", "`URL` of Function Compute (default https://fcv3.REGION.aliyuncs.com)")
	text(&o.endpoints.oss, "oss-endpoint", "", "`URL` of OSS (default https://oss-REGION.aliyuncs.com)")
}

// readEnvironment reads the credentials, and sets the endpoints that depend on
// the region.
func (o *options) readEnvironment(environ []string) {
	o.credentials = acs.CredentialsFrom(environ)
	// These endpoints contain the region, which is known only after parsing.
	if o.endpoints.fc == "" {
		o.endpoints.fc = "https://fcv3." + o.region + ".aliyuncs.com"
	}
	if o.endpoints.oss == "" {
		o.endpoints.oss = "https://oss-" + o.region + ".aliyuncs.com"
	}
}

// Patterns of names. The services check the same, but later and less clearly.
var (
	regionPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	bucketPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)
	stackPattern  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,254}$`)
)

// problems returns everything that is wrong or missing in the flags and the
// environment.
func (o *options) problems() []error {
	var list []error
	require := func(ok bool, format string, args ...any) {
		if !ok {
			list = append(list, fmt.Errorf(format, args...))
		}
	}
	require(o.credentials.AccessKeyID != "", "ALIBABA_CLOUD_ACCESS_KEY_ID is not set: the access key to deploy with")
	require(o.credentials.AccessKeySecret != "",
		"ALIBABA_CLOUD_ACCESS_KEY_SECRET is not set: the secret of the access key")
	requireName := func(flag, value, purpose string, pattern *regexp.Regexp, allowed string) {
		require(value != "", "-%s is not set: %s", flag, purpose)
		require(value == "" || pattern.MatchString(value), "-%s %q is not %s", flag, value, allowed)
	}
	const regionAllowed = "a region id such as cn-hangzhou"
	const bucketAllowed = "3 to 63 lower-case letters, digits and inner hyphens"
	const stackAllowed = "1 to 255 letters, digits, hyphens and underscores that begin with a letter or digit"
	requireName("region", o.region, "the region to deploy to, such as cn-hangzhou", regionPattern, regionAllowed)
	requireName("stack", o.stack, "the name of the stack", stackPattern, stackAllowed)
	for region := range strings.SplitSeq(o.regions, ",") {
		require(o.regions == "" || regionPattern.MatchString(region), "-regions: %q is not %s", region, regionAllowed)
	}
	// To destroy a stack, its own parameters name the buckets.
	if !o.mode.destroy {
		requireName("bucket", o.bucket, "the bucket for the snapshots; its name must be new in all of OSS",
			bucketPattern, bucketAllowed)
		require(o.bucket == "" || o.bucket != o.codeBucket,
			"-bucket and -code-bucket are both %q; the code needs a bucket of its own", o.bucket)
		requireName("code-bucket", o.codeBucket, "the bucket for the code packages; -create-code-bucket creates it",
			bucketPattern, bucketAllowed)
	}
	require(o.timeout >= time.Second && o.timeout <= 24*time.Hour, "-timeout %s is not from 1s to 24h", o.timeout)
	require(o.mode.deleteData == "" || o.mode.destroy, "-delete-data goes with -destroy only")
	require(o.mode.deleteData == "" || o.mode.deleteData != o.codeBucket,
		"-delete-data and -code-bucket are both %q; the code bucket always stays", o.mode.deleteData)
	require(!o.mode.plan || !o.mode.destroy, "-plan and -destroy exclude each other")
	return append(list, o.parameters.problems...)
}
