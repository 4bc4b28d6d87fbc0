package replica

import (
	"cmp"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"community-images/shared/apierror"
)

// The headers of the header dialect, ACS3.
const (
	// headerAction and headerVersion are the parameters Action and Version.
	headerAction  = "X-Acs-Action"
	headerVersion = "X-Acs-Version"
	// headerToken is the session token of a temporary key. Such keys are refused.
	headerToken = "X-Acs-Security-Token"
)

// parsedRequest is what a request asks, in either dialect.
type parsedRequest struct {
	// action and version are those of the parameters or the headers. Empty: not
	// given.
	action, version string
	params          map[string]string // of the query and the form; names spelled as in canonicalNames
	xml             bool              // the answer is XML
	formatKnown     bool              // a Format was found
	asOf            string            // a time or commit number, from the path or the parameter at; empty: now
	pathRegion      string            // empty: none in the path
	invalidPath     bool              // the path has another form
}

// parseRequest parses the method, path, parameters and body. It does not check
// whether the operation exists.
func (c *call) parseRequest() (body []byte, err error) {
	// The format comes first: every error after it is written in that format.
	c.detectFormat(c.r.URL.RawQuery)
	switch c.r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
	default:
		e := apierror.New(http.StatusMethodNotAllowed, "UnsupportedHTTPMethod", "This http method is not supported.",
			"Use GET or POST.")
		e.Allow = "GET, HEAD, POST"
		return nil, e
	}
	// One byte more than allowed tells a body that is too large.
	if c.r.Body != nil {
		if body, err = io.ReadAll(io.LimitReader(c.r.Body, maxBody+1)); err != nil {
			return nil, invalidRequest("the body cannot be read")
		}
	}
	if hasFormBody(c.r) {
		c.detectFormat(string(body))
	}
	if len(body) > maxBody {
		return nil, apierror.New(http.StatusRequestEntityTooLarge, "RequestTooLarge",
			"The body is larger than 65536 bytes.", "Send parameters only.")
	}
	c.parsePath()
	if c.params, err = parseParameters(c.r, body); err != nil {
		return nil, err
	}
	if err := c.mergeAtParameter(); err != nil {
		return nil, err
	}
	if !isKnownFormat(c.params["Format"]) {
		return nil, invalidRequest("Format is neither JSON nor XML")
	}
	c.action, c.version = c.params["Action"], c.params["Version"]
	// pop-core names the action in both places and signs the parameters only.
	if c.action == "" || hasACS3Signature(c.r) {
		c.readActionHeaders()
	}
	return body, nil
}

// readActionHeaders takes action and version from the headers, if they name an
// action.
func (c *call) readActionHeaders() {
	if action := c.r.Header.Get(headerAction); action != "" {
		c.action, c.version = action, cmp.Or(c.r.Header.Get(headerVersion), c.version)
	}
}

// hasACS3Signature reports whether a request is signed in the header dialect.
func hasACS3Signature(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Authorization"), "ACS3-")
}

// parsePath parses /, /<region>, /at/<time> and /at/<time>/<region>.
func (c *call) parsePath() {
	// The escaped path, in which an escaped slash is a part of its step.
	steps := strings.FieldsFunc(c.r.URL.EscapedPath(), func(r rune) bool { return r == '/' })
	for i, step := range steps {
		plain, err := url.PathUnescape(step)
		c.invalidPath = c.invalidPath || err != nil
		steps[i] = plain
	}
	if len(steps) > 0 && steps[0] == "at" {
		if len(steps) == 1 {
			c.invalidPath = true
			return
		}
		c.asOf, steps = steps[1], steps[2:]
	}
	// What is left must be a region. Whether there is such a region is asked
	// later, with the caller's grant.
	if len(steps) == 1 && c.looksLikeRegionID(steps[0]) {
		c.pathRegion, steps = steps[0], nil
	}
	c.invalidPath = c.invalidPath || len(steps) > 0
}

// mergeAtParameter takes the requested time from the parameter at. Clients that
// build the path themselves can often add a parameter to every call, and then
// sign it. It returns an error if path and parameter disagree.
func (c *call) mergeAtParameter() error {
	at := c.params["at"]
	if at != "" && c.asOf != "" && at != c.asOf {
		return invalidRequest("two moments are asked for")
	}
	c.asOf = cmp.Or(c.asOf, at)
	return nil
}

// parseParameters returns the parameters of the query and of a POSTed form. It
// refuses a repeated parameter, because nobody can know which value was meant,
// and a body that is not a form, because ignoring it would answer another
// question.
func parseParameters(r *http.Request, body []byte) (map[string]string, error) {
	params := map[string]string{}
	if err := parseEncodedPairs(params, r.URL.RawQuery); err != nil {
		return nil, err
	}
	switch text := string(body); {
	case hasFormBody(r):
		if err := parseEncodedPairs(params, text); err != nil {
			return nil, err
		}
	case text != "" && text != "{}": // which is a call without parameters
		return nil, invalidRequest("a body must be a form that is sent with POST")
	}
	return params, nil
}

// canonicalNames are the known parameters.
var canonicalNames = []string{"Action", "Version", "Format", "SecurityToken", "at", "RegionId", "ClusterId",
	"InstanceType", "BaseOsTag", "PageNumber", "PageSize"}

// canonicalName returns the spelling of a known parameter, and any other name as
// it is. Case does not matter: a parameter that was ignored for its case would
// widen the question. Names are compared as lookups compare them, by Unicode's
// simple folding.
func canonicalName(name string) string {
	for _, known := range canonicalNames {
		if strings.EqualFold(known, name) {
			return known
		}
	}
	return name
}

// maxParams is more than any operation takes.
const maxParams = 256

// parseEncodedPairs adds the pairs of a query or form to params.
func parseEncodedPairs(params map[string]string, coded string) error {
	for pair := range strings.SplitSeq(coded, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err1 := url.QueryUnescape(name)
		value, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil {
			return invalidRequest("a parameter is not percent-encoded as it should be")
		}
		// Unknown parameters are kept too: they must not be repeated either.
		// Nothing else looks at them.
		name = canonicalName(name)
		if _, twice := params[name]; twice {
			return givenTwiceError(name)
		}
		if slices.Contains(canonicalNames, name) {
			if value, err1 = unescapeComma(name, value); err1 != nil {
				return err1
			}
		}
		if params[name] = value; len(params) > maxParams {
			return invalidRequest("there are more than 256 parameters")
		}
	}
	return nil
}

// givenTwiceError is the error for a repeated parameter. It does not repeat a
// name that is not known.
func givenTwiceError(name string) error {
	if !slices.Contains(canonicalNames, name) {
		name = "a parameter"
	}
	return invalidRequest(name + " is given twice")
}

// unescapeComma returns the value of a known parameter, in which a comma is
// written with a backslash in front. It refuses any other comma: FC joins the
// values of a repeated parameter by commas, and none of E-HPC's parameters here
// takes a list.
func unescapeComma(name, value string) (string, error) {
	const escaped = `\,`
	if strings.Contains(strings.ReplaceAll(value, escaped, ""), ",") {
		return "", invalidRequest(name + " takes one value and has a comma: it may have been given twice; write " +
			escaped + " for a comma that belongs to the value")
	}
	return strings.ReplaceAll(value, escaped, ","), nil
}
