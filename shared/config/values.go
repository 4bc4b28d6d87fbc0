package config

import (
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"community-images/shared/catalog"
	"community-images/shared/cloud"
)

var (
	// labelForm is that of a bucket, and of a region, which becomes a label of
	// a host name; that is stricter than what may stand in an object key.
	labelForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)
	// hostForm allows an underscore too: internal host names have one at times.
	hostForm = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)
)

// maxLabel bounds a label, in bytes. The expression does without: to compile
// repetitions takes a cold start a tenth of a millisecond.
const maxLabel = 63

const (
	// These say what is allowed in several settings.
	regionAllowed = "a region id such as cn-hangzhou (lower-case letters, digits, hyphens)"
	urlAllowed    = "http or https URLs without user, path or query, such as https://host or http://127.0.0.1:8080"
	nameAllowed   = "1 to 128 characters of A-Z a-z 0-9 . _ - in each element"
)

// checkRegion reports whether a text can be a region id, and adds a fault if not. It
// does not know which regions exist: new ones need no new release.
func (r *settingReader) checkRegion(name, region string) bool {
	ok := len(region) <= maxLabel && labelForm.MatchString(region)
	if !ok {
		r.addFault(name, region, "is not a region id", regionAllowed)
	}
	return ok
}

// readRegion reads the id of one region.
func (r *settingReader) readRegion(name, def string) string {
	text, ok := r.lookupSetting(name)
	if !ok || !r.checkRegion(name, text) {
		return def
	}
	return text
}

// readRegions reads a list of regions. It is never empty unless there is a fault.
func (r *settingReader) readRegions(name string, def []string) []string {
	allowed := "a comma list of region ids such as cn-hangzhou,cn-beijing"
	if _, ok := r.lookupSetting(name); !ok {
		if def == nil {
			r.addFault(name, "", "is not set, and there is no FC_REGION to take instead", allowed)
		}
		return def
	}
	list := r.readList(name, allowed)
	for _, region := range list {
		r.checkRegion(name, region)
	}
	return list
}

// readURL reads a URL of scheme, host and port. A bare host means https.
func (r *settingReader) readURL(name, def string) string {
	text, ok := r.lookupSetting(name)
	if !ok {
		return def
	}
	full := text
	if !strings.Contains(full, "://") {
		full = "https://" + full
	}
	// The place of the region is no part of a host name's grammar.
	u, err := url.Parse(strings.ReplaceAll(full, regionPlace, "region"))
	switch {
	case err != nil:
		r.addFault(name, "", "is not a URL", urlAllowed)
	case u.User != nil:
		r.addFault(name, u.Redacted(),
			"holds a user name; credentials come from the invocation or ALIBABA_CLOUD_ACCESS_KEY_ID", urlAllowed)
	case u.Scheme != "http" && u.Scheme != "https":
		r.addFault(name, text, "has neither http nor https as its scheme", urlAllowed)
	case !isValidHost(u.Hostname()) || !isValidPort(u.Port()):
		r.addFault(name, text, "has no valid host and port", urlAllowed)
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		r.addFault(name, text, "has more than a scheme, a host and a port", urlAllowed)
	case name != "EHPC_ENDPOINT" && strings.Contains(full, regionPlace):
		r.addFault(name, text, "holds "+regionPlace+", which only EHPC_ENDPOINT may", urlAllowed)
	default:
		return strings.TrimRight(full, "/?#")
	}
	return ""
}

// isValidHost reports whether a host is a name or an IP address.
func isValidHost(host string) bool {
	return hostForm.MatchString(host) || net.ParseIP(host) != nil
}

// isValidPort reports whether a port is empty or from 1 to 65535.
func isValidPort(port string) bool {
	if port == "" {
		return true
	}
	n, err := strconv.Atoi(port)
	return err == nil && n > 0 && n < 1<<16
}

// readBucket reads the name of a bucket, which is required.
func (r *settingReader) readBucket(name string) string {
	allowed := "the name of an OSS bucket: 3 to 63 lower-case letters, digits and hyphens"
	text, ok := r.lookupSetting(name)
	switch {
	case !ok:
		r.addFault(name, "", "is not set", allowed)
	case len(text) < 3 || len(text) > maxLabel || !labelForm.MatchString(text):
		r.addFault(name, text, "is not a bucket name", allowed)
	default:
		return text
	}
	return ""
}

// readPrefix reads an object key prefix without slashes at its ends.
func (r *settingReader) readPrefix(name, def string) string {
	text, _ := r.lookupSetting(name)
	text = strings.Trim(text, "/")
	if text == "" {
		return def
	}
	for step := range strings.SplitSeq(text, "/") {
		if catalog.ValidateName("step", step) != nil {
			r.addFault(name, text, "is not an object key prefix",
				"steps joined by /, each 1 to 128 characters of A-Z a-z 0-9 . _ - and neither . nor .. nor "+
					catalog.Any)
			return def
		}
	}
	return text
}

// readNames reads a list of ids that become part of object keys.
func (r *settingReader) readNames(name, what, allowed string) []string {
	list := r.readList(name, allowed)
	for _, element := range list {
		if catalog.ValidateName(what, element) != nil {
			r.addFault(name, element, "is not a "+what, allowed)
		}
	}
	return list
}

// readClusters reads a list of cluster ids. nil means every cluster.
func (r *settingReader) readClusters(name string) []string {
	if text, ok := r.lookupSetting(name); !ok || text == "*" {
		return nil
	}
	return r.readNames(name, "cluster id", "* for every cluster, or a comma list of cluster ids, "+nameAllowed)
}

// readInstanceTypes reads auto, none or a list of instance types.
func (r *settingReader) readInstanceTypes(name string) InstanceTypes {
	text, ok := r.lookupSetting(name)
	switch strings.ToLower(text) {
	case "none":
		return InstanceTypes{}
	case "auto":
		return InstanceTypes{Auto: true}
	}
	if !ok {
		return InstanceTypes{Auto: true}
	}
	allowed := "auto, none, or a comma list of instance types, " + nameAllowed
	list := r.readNames(name, "instance type", allowed)
	for _, element := range list {
		if word := strings.ToLower(element); word == "auto" || word == "none" {
			r.addFault(name, text, "mixes "+word+" with instance types", allowed)
		}
	}
	return InstanceTypes{List: list}
}

// readRetention reads a number of months, years or days.
func (r *settingReader) readRetention(name string, def Retention) Retention {
	text, ok := r.lookupSetting(name)
	if !ok {
		return def
	}
	// Digits, then the unit.
	unit := strings.TrimLeft(text, "0123456789")
	n, err := strconv.Atoi(strings.TrimSuffix(text, unit))
	// The log is kept in months, so less than one is not possible.
	v, units := map[string]Retention{"mo": {Months: n}, "y": {Months: 12 * n}, "d": {Days: n}}[unit]
	tooShort := v.Months < 1 && v.Days < 31
	if err != nil || !units || n > 1200 || tooShort {
		r.addFault(name, text, "is not a retention", "31d or 1mo and longer, written like 13mo, 2y or 400d")
		return def
	}
	return v
}

// readCredentials reads the access key. Its values are never part of a fault.
func (r *settingReader) readCredentials() cloud.Credentials {
	const (
		id     = "ALIBABA_CLOUD_ACCESS_KEY_ID"
		secret = "ALIBABA_CLOUD_ACCESS_KEY_SECRET"
		token  = "ALIBABA_CLOUD_SECURITY_TOKEN"
	)
	var c cloud.Credentials
	c.AccessKeyID, _ = r.lookupSetting(id)
	c.AccessKeySecret, _ = r.lookupSetting(secret)
	c.SecurityToken, _ = r.lookupSetting(token)
	switch {
	// Half a key is a mistake; no key at all is usual outside of FC.
	case c.AccessKeyID == "" && (c.AccessKeySecret != "" || c.SecurityToken != ""):
		r.addFault(id, "", "is not set, though other parts of the credentials are", "")
	case c.AccessKeyID != "" && c.AccessKeySecret == "":
		r.addFault(secret, "", "is not set, though "+id+" is", "")
	}
	return c
}
