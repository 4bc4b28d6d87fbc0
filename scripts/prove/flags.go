package main

import (
	"errors"
	"flag"
	"fmt"
	"regexp"
	"time"

	"community-images/scripts/command"
	"community-images/scripts/deploy/acs"
	"community-images/shared/cloud"
)

// options are the flags, and the credentials of the environment.
type options struct {
	// region is that of the deployment and of the calls to E-HPC.
	region string
	// yes does not ask for confirmation.
	yes bool
	// jsonFile is for the report. Empty: none.
	jsonFile string
	// eventWait is how long to wait for an event of E-HPC. 0: it is not tried.
	eventWait time.Duration
	// remove names a deployment to remove. Nothing else is done then.
	remove string
	// timeout is for each action on the stack.
	timeout   time.Duration
	endpoints endpoints
	// credentials are those of the deployer, from the environment.
	credentials cloud.Credentials
}

// endpoints are the URLs of the services. All but that of ROS depend on the region.
type endpoints struct{ ros, fc, oss, ehpc string }

// usage is printed above the list of flags.
const usage = `Usage: go run ./scripts/prove -region REGION [flags]

Tries on a real account what the project knows from documents alone. It makes a
small temporary deployment with names of its own, reports each claim as proved,
refuted or open, and removes the deployment. It says what it will make and asks
first. The access key is taken from ALIBABA_CLOUD_ACCESS_KEY_ID,
ALIBABA_CLOUD_ACCESS_KEY_SECRET and, if it is a temporary one,
ALIBABA_CLOUD_SECURITY_TOKEN.

`

// command returns the command line. Parsing it sets o.
func (o *options) command(environ []string) command.Command {
	check := func(flags *flag.FlagSet) error {
		o.readEnvironment(environ)
		return errors.Join(append([]error{command.NoArguments(flags)}, o.problems()...)...)
	}
	return command.Command{Name: "prove", Usage: usage, Define: o.define, Check: check}
}

// define defines the flags.
func (o *options) define(flags *flag.FlagSet) {
	text := func(value *string, name, def, usage string) { flags.StringVar(value, name, def, usage) }
	text(&o.region, "region", "", "`region` to deploy to, such as cn-hangzhou")
	flags.BoolVar(&o.yes, "yes", false, "do not ask for confirmation")
	text(&o.jsonFile, "json", "", "`file` for the report as JSON")
	flags.DurationVar(&o.eventWait, "events", 0, "how long to wait for an event of E-HPC while you change a cluster; "+
		"EventBridge must be activated. 0: not tried")
	text(&o.remove, "remove", "", "remove the deployment with this `name`, which an earlier run has left")
	flags.DurationVar(&o.timeout, "timeout", 20*time.Minute, "how long to wait for the stack")
	text(&o.endpoints.ros, "ros-endpoint", "https://ros.aliyuncs.com", "`URL` of ROS")
	text(&o.endpoints.fc, "fc-endpoint", "", "`URL` of Function Compute (default https://fcv3.REGION.aliyuncs.com)")
	text(&o.endpoints.oss, "oss-endpoint", "", "`URL` of OSS (default https://oss-REGION.aliyuncs.com)")
	text(&o.endpoints.ehpc, "ehpc-endpoint", "", "`URL` of E-HPC (default https://ehpc.REGION.aliyuncs.com)")
}

// readEnvironment reads the credentials, and sets the endpoints that depend on the
// region.
func (o *options) readEnvironment(environ []string) {
	o.credentials = acs.CredentialsFrom(environ)
	setDefault := func(endpoint *string, before string) {
		if *endpoint == "" {
			*endpoint = "https://" + before + o.region + ".aliyuncs.com"
		}
	}
	setDefault(&o.endpoints.fc, "fcv3.")
	setDefault(&o.endpoints.oss, "oss-")
	setDefault(&o.endpoints.ehpc, "ehpc.")
}

var (
	// regionPattern is what a region id looks like.
	regionPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	// namePattern is what newProver makes. -remove must not reach other stacks.
	namePattern = regexp.MustCompile(`^` + namePrefix + `[a-z0-9]{8}$`)
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
	require(o.region != "", "-region is not set: the region to deploy to, such as cn-hangzhou")
	require(o.region == "" || regionPattern.MatchString(o.region), "-region %q is not a region id such as cn-hangzhou",
		o.region)
	require(o.credentials.AccessKeyID != "", "ALIBABA_CLOUD_ACCESS_KEY_ID is not set: the access key to deploy with")
	require(o.credentials.AccessKeySecret != "",
		"ALIBABA_CLOUD_ACCESS_KEY_SECRET is not set: the secret of the access key")
	require(o.eventWait >= 0 && o.eventWait <= time.Hour, "-events %s is not from 0s to 1h", o.eventWait)
	require(o.timeout >= time.Second && o.timeout <= 24*time.Hour, "-timeout %s is not from 1s to 24h", o.timeout)
	require(o.remove == "" || namePattern.MatchString(o.remove), "-remove %q is not a name that a run has printed, "+
		"such as %s1a2b3c4d", o.remove, namePrefix)
	return list
}
