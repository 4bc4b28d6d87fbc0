package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"time"

	"community-images/scripts/command"
	"community-images/scripts/deploy/ros"
	"community-images/shared/cloud"
)

// options are the flags, and the credentials of the environment.
type options struct {
	region, stack, bucket, codeBucket, regions string
	parameters                                 ros.Parameters
	createCodeBucket                           bool
	plan, destroy, yes                         bool
	deleteData                                 string
	timeout                                    time.Duration
	version, template                          string
	rosEndpoint, fcEndpoint, ossEndpoint       string

	environ     []string // of the process
	argCount    int      // number of arguments, flags included
	credentials cloud.Credentials
	secrets     []string // of parameters that must not be shown
	slips       []error  // of -param and -param-file
	given       struct{ params, files int }
}

// command returns the command line, which sets o.
func (o *options) command() command.Command {
	return command.Command{Name: "deploy", Define: o.define, Check: o.checkFlags, Usage: `Usage: go run ./scripts/deploy -region REGION -bucket NAME -code-bucket NAME [flags]

Builds and uploads the code, creates or updates the stack of template.yaml,
waits for it, prints its outputs and tries the functions out. The access key is
taken from ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET and, if
it is a temporary one, ALIBABA_CLOUD_SECURITY_TOKEN.

`}
}

func (o *options) define(flags *flag.FlagSet) {
	flags.StringVar(&o.region, "region", "", "`region` to deploy to, such as cn-hangzhou")
	flags.StringVar(&o.stack, "stack", "community-images", "`name` of the stack")
	flags.StringVar(&o.bucket, "bucket", "", "`name` of the bucket for the snapshots; the stack makes it")
	flags.StringVar(&o.codeBucket, "code-bucket", "", "`name` of the bucket for the code packages, in the same region")
	flags.BoolVar(&o.createCodeBucket, "create-code-bucket", false, "make the code bucket, private, if it does not exist")
	flags.StringVar(&o.regions, "regions", "", "comma `list` of the E-HPC regions to capture (default that of -region)")
	// Neither fails: package flag would repeat the value, and it may be a secret.
	flags.Func("param", "`Name=Value` of another parameter of the template; repeatable. What is not given keeps its value", o.parameter)
	flags.Func("param-file", "`Name=FILE`: the same with the content of a file, for secrets and certificates", o.parameterFile)
	flags.BoolVar(&o.plan, "plan", false, "say what would change, and change and upload nothing")
	flags.BoolVar(&o.destroy, "destroy", false, "delete the stack; the bucket with the snapshots stays")
	flags.StringVar(&o.deleteData, "delete-data", "", "with -destroy: delete the bucket of this `name`, too, and all that is in it")
	flags.DurationVar(&o.timeout, "timeout", 30*time.Minute, "how long to wait for the stack")
	flags.BoolVar(&o.yes, "yes", false, "do not ask for confirmation")
	flags.StringVar(&o.version, "version", "", "`version` that the functions report (default the commit)")
	flags.StringVar(&o.template, "template", "", "`file` with the template (default template.yaml of the checkout)")
	flags.StringVar(&o.rosEndpoint, "ros-endpoint", "https://ros.aliyuncs.com", "`URL` of ROS")
	flags.StringVar(&o.fcEndpoint, "fc-endpoint", "", "`URL` of Function Compute (default https://fcv3.REGION.aliyuncs.com)")
	flags.StringVar(&o.ossEndpoint, "oss-endpoint", "", "`URL` of OSS (default https://oss-REGION.aliyuncs.com)")
}

// checkFlags returns everything that is wrong or missing in flags and environment.
func (o *options) checkFlags(flags *flag.FlagSet) error {
	o.read(o.environ)
	return o.check(o.argCount-flags.NArg()+1, flags.NArg())
}

// parameterName is ROS' form of a name. What has no such name in front of the
// equals sign may be a value that slipped there, and is not repeated.
var parameterName = regexp.MustCompile(`^[A-Za-z0-9]{1,64}$`)

// parameter takes one -param.
func (o *options) parameter(text string) error {
	o.given.params++
	name, value, ok := strings.Cut(text, "=")
	if !ok || !parameterName.MatchString(name) {
		o.slip("-param number %d is not of the form Name=Value", o.given.params)
		return nil
	}
	o.set(name, value)
	return nil
}

// parameterFile takes one -param-file. A new line at the end is the editor's.
func (o *options) parameterFile(text string) error {
	o.given.files++
	name, path, ok := strings.Cut(text, "=")
	if !ok || !parameterName.MatchString(name) || path == "" {
		o.slip("-param-file number %d is not of the form Name=FILE", o.given.files)
		return nil
	}
	data, err := os.ReadFile(path)
	var why *fs.PathError
	if errors.As(err, &why) {
		err = why.Err // without the path, in place of which the content may have been given
	}
	if err != nil {
		o.slip("-param-file %s: reading the file: %w", name, err)
		return nil
	}
	o.set(name, strings.TrimRight(string(data), "\r\n"))
	return nil
}

func (o *options) set(name, value string) {
	_, twice := o.parameters[name]
	switch by := setBy[name]; {
	case by != "":
		o.slip("parameter %s is set by %s", name, by)
	case twice:
		o.slip("parameter %s is given twice", name)
	default:
		o.parameters[name] = value
	}
}

func (o *options) slip(format string, args ...any) {
	o.slips = append(o.slips, fmt.Errorf(format, args...))
}

// setBy names what sets the parameters that -param may not.
var setBy = map[string]string{
	"BucketName": "-bucket", "CodeBucket": "-code-bucket", "Regions": "-regions",
	"SnapshotCode": "the build", "QueryCode": "the build",
}

// read takes the credentials from the environment and fills in endpoints.
func (o *options) read(environ []string) {
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		switch name {
		case "ALIBABA_CLOUD_ACCESS_KEY_ID":
			o.credentials.AccessKeyID = value
		case "ALIBABA_CLOUD_ACCESS_KEY_SECRET":
			o.credentials.AccessKeySecret = value
		case "ALIBABA_CLOUD_SECURITY_TOKEN":
			o.credentials.SecurityToken = value
		}
	}
	if o.fcEndpoint == "" {
		o.fcEndpoint = "https://fcv3." + o.region + ".aliyuncs.com"
	}
	if o.ossEndpoint == "" {
		o.ossEndpoint = "https://oss-" + o.region + ".aliyuncs.com"
	}
}

var (
	regionForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	bucketForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)
	stackForm  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,254}$`)
)

// check finds everything that is missing or not of the form it should have.
// rest is how many arguments are no flags, the first at the given place.
func (o *options) check(place, rest int) error {
	var all []error
	must := func(ok bool, format string, args ...any) {
		if !ok {
			all = append(all, fmt.Errorf(format, args...))
		}
	}
	must(rest == 0, "unexpected argument at place %d: everything is a flag, see -h", place) // it may be a value
	must(o.credentials.AccessKeyID != "", "ALIBABA_CLOUD_ACCESS_KEY_ID is not set: the access key to deploy with")
	must(o.credentials.AccessKeySecret != "", "ALIBABA_CLOUD_ACCESS_KEY_SECRET is not set: the secret of the access key")
	named := func(flag, value, what string, form *regexp.Regexp, allowed string) {
		must(value != "", "-%s is not set: %s", flag, what)
		must(value == "" || form.MatchString(value), "-%s %q is not %s", flag, value, allowed)
	}
	const bucketAllowed = "3 to 63 lower-case letters, digits and inner hyphens"
	named("region", o.region, "the region to deploy to, such as cn-hangzhou", regionForm, "a region id such as cn-hangzhou")
	named("stack", o.stack, "the name of the stack", stackForm, "1 to 255 letters, digits, hyphens and underscores that begin with a letter or digit")
	for region := range strings.SplitSeq(o.regions, ",") {
		must(o.regions == "" || regionForm.MatchString(region), "-regions: %q is not a region id such as cn-hangzhou", region)
	}
	if !o.destroy {
		named("bucket", o.bucket, "the bucket for the snapshots; its name must be new in all of OSS", bucketForm, bucketAllowed)
		must(o.bucket == "" || o.bucket != o.codeBucket, "-bucket and -code-bucket are both %q; the code needs a bucket of its own", o.bucket)
		named("code-bucket", o.codeBucket, "the bucket for the code packages; with -create-code-bucket it is made", bucketForm, bucketAllowed)
	}
	must(o.timeout >= time.Second && o.timeout <= 24*time.Hour, "-timeout %s is not from 1s to 24h", o.timeout)
	must(o.deleteData == "" || o.destroy, "-delete-data goes with -destroy only")
	must(o.deleteData == "" || o.deleteData != o.codeBucket, "-delete-data and -code-bucket are both %q; the code bucket always stays", o.deleteData)
	must(!o.plan || !o.destroy, "-plan and -destroy exclude each other")
	return errors.Join(append(all, o.slips...)...)
}
