package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"

	"community-images/scripts/command"
	"community-images/scripts/deploy/acs"
	"community-images/shared/access"
	"community-images/shared/cloud"
)

// tokenVariable is the environment variable with a bearer token.
const tokenVariable = "COMMUNITY_IMAGES_TOKEN"

// options are the flags and the secrets of the environment.
type options struct {
	// region and stack name a stack in ROS. Empty with address.
	region, stack string
	// address is the URL of the deployment. Empty: ROS tells it.
	address string
	// target is the parsed address; nil without one.
	target *url.URL
	// listen is host and port of the gateway. Port 0 stands for any free port.
	listen string
	// tokenFile has a bearer token. Empty: the environment may have one.
	tokenFile string
	// rosEndpoint is the URL of ROS.
	rosEndpoint string

	environ     []string
	token       string // empty: requests are signed
	credentials cloud.Credentials
}

// usage is printed above the list of flags.
const usage = `Usage: go run ./scripts/open -region REGION [-stack NAME] [flags]
       go run ./scripts/open -url URL [flags]

Opens a deployment on 127.0.0.1, for browsers, curl and the aliyun CLI, until
Ctrl-C. It signs each request with the access key of
ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET and, for a
temporary key, ALIBABA_CLOUD_SECURITY_TOKEN. A bearer token in
COMMUNITY_IMAGES_TOKEN or -token-file goes before the key.

`

// command returns the command line. Parsing it sets o.
func (o *options) command() command.Command {
	return command.Command{Name: "open", Usage: usage, Define: o.define, Check: o.check}
}

// define defines the flags. None has a secret as its value: other people on the
// machine can see the arguments of a process.
func (o *options) define(f *flag.FlagSet) {
	f.StringVar(&o.region, "region", "", "`region` of the stack, such as cn-hangzhou")
	f.StringVar(&o.stack, "stack", "community-images", "`name` of the stack")
	f.StringVar(&o.address, "url", "", "`URL` of the deployment, instead of -region and -stack")
	f.StringVar(&o.listen, "listen", "127.0.0.1:0", "loopback `address:port` to listen on; port 0 is any free one")
	f.StringVar(&o.tokenFile, "token-file", "", "`file` with a bearer token (default the value of "+tokenVariable+")")
	f.StringVar(&o.rosEndpoint, "ros-endpoint", "https://ros.aliyuncs.com", "`URL` of ROS")
}

// check returns everything that is wrong with the flags and the environment.
func (o *options) check(f *flag.FlagSet) error {
	if err := command.NoArguments(f); err != nil {
		return err
	}
	o.credentials = acs.CredentialsFrom(o.environ)
	tokenErr := o.readToken()
	stackGiven := false
	f.Visit(func(f *flag.Flag) { stackGiven = stackGiven || f.Name == "stack" || f.Name == "region" })
	return errors.Join(o.checkWhich(stackGiven), checkListen(o.listen), tokenErr, o.checkKey(tokenErr != nil))
}

var (
	regionPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	stackPattern  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,254}$`)
)

// checkWhich checks which deployment is meant.
func (o *options) checkWhich(stackGiven bool) error {
	switch {
	case o.address != "" && stackGiven:
		return errors.New("-url excludes -region and -stack")
	case o.address != "":
		var err error
		o.target, err = parseTarget(o.address)
		return err
	case o.region == "":
		return errors.New("-region or -url is not set: which deployment to open")
	case !regionPattern.MatchString(o.region):
		return fmt.Errorf("-region %q is not a region id such as cn-hangzhou", o.region)
	case !stackPattern.MatchString(o.stack):
		return fmt.Errorf("-stack %q is not 1 to 255 letters, digits, hyphens and underscores", o.stack)
	}
	return nil
}

// parseTarget parses the URL of a deployment. Plain HTTP is for this machine
// only: others on the way could read the token.
func parseTarget(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("the URL of the deployment is not one that begins with https://")
	case u.User != nil || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("the URL of the deployment has more than a host: take away what follows it")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return nil, fmt.Errorf("the URL of the deployment is http://%s, where others could read the key: use https://",
			u.Host)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// isLoopback reports whether a host is an IP address of this machine alone.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// checkListen refuses addresses that other machines reach, and names, which may
// stand for such an address.
func checkListen(address string) error {
	host, port, err := net.SplitHostPort(address)
	if number, badPort := strconv.Atoi(port); err != nil || badPort != nil || number < 0 || number > 65535 {
		return fmt.Errorf("-listen %q is not address:port, such as 127.0.0.1:8080", address)
	}
	if !isLoopback(host) {
		return fmt.Errorf("-listen %q is not on the loopback interface: use 127.0.0.1 or [::1]", address)
	}
	return nil
}

// readToken reads the bearer token. The error does not show it.
func (o *options) readToken() error {
	from := tokenVariable
	for _, line := range o.environ {
		if value, ok := strings.CutPrefix(line, tokenVariable+"="); ok {
			o.token = strings.TrimSpace(value)
		}
	}
	if o.tokenFile != "" {
		from = "-token-file"
		text, err := os.ReadFile(o.tokenFile)
		if err != nil {
			return fmt.Errorf("-token-file: %w", err)
		}
		if o.token = strings.TrimSpace(string(text)); o.token == "" {
			return fmt.Errorf("-token-file: %s is empty", o.tokenFile)
		}
	}
	if _, ok := access.ParseBearer([]string{"Bearer " + o.token}); o.token != "" && !ok {
		return fmt.Errorf("%s has no bearer token: it has characters that no token has", from)
	}
	return nil
}

// checkKey returns an error if a key is needed and missing. ROS always needs one.
func (o *options) checkKey(tokenFailed bool) error {
	if o.credentials.Usable() || o.address != "" && (o.token != "" || tokenFailed) {
		return nil
	}
	missing := "ALIBABA_CLOUD_ACCESS_KEY_SECRET"
	if o.credentials.AccessKeyID == "" {
		missing = "ALIBABA_CLOUD_ACCESS_KEY_ID"
	}
	if o.address == "" {
		return fmt.Errorf("%s is not set: the access key to find the stack and to sign with; with -url a token suffices",
			missing)
	}
	return fmt.Errorf("%s is not set, and %s neither: an access key to sign with, or a token", missing, tokenVariable)
}

// authentication returns what the gateway adds to each request.
func (o *options) authentication() authentication {
	return authentication{token: o.token, credentials: o.credentials}
}

// redact removes the secrets from a text.
func (o *options) redact(text string) string { return o.authentication().redact(text) }
