package subscription

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"community-images/shared/catalog"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Kind is the protocol of a receiver.
type Kind string

// The kinds of receivers.
const (
	Webhook  Kind = "webhook"  // CloudEvents with a signature of Standard Webhooks
	DingTalk Kind = "dingtalk" // a robot of a DingTalk group
	Feishu   Kind = "feishu"   // a bot of a Feishu or Lark group
	WeCom    Kind = "wecom"    // a robot of a WeCom group
	Slack    Kind = "slack"    // an incoming webhook of Slack
)

// kinds lists the kinds in the order of documents.
var kinds = []string{string(Webhook), string(DingTalk), string(Feishu), string(WeCom), string(Slack)}

// Language is that of the texts for people.
type Language string

// The languages of texts.
const (
	English Language = "en"
	Chinese Language = "zh"
)

// Subscription is one receiver and what it is told.
type Subscription struct {
	// Name is unique in the file. It is a part of object keys.
	Name string
	Kind Kind
	// URL is where messages are posted. Of robots it holds a key, so it is as secret as
	// Secret.
	URL string
	// Secret signs messages. It is empty where the robot has none.
	Secret   string
	Language Language
	// FailingAfter is how long E-HPC may fail in a region before the receiver is told.
	FailingAfter time.Duration
	// Filter says what the receiver is told of.
	Filter Filter
}

const (
	// MaxFile is the size of the largest file that is read, in bytes.
	MaxFile = 256 << 10
	// maxSubscriptions bounds the cost of a run.
	maxSubscriptions = 50
	// defaultFailingAfter is six ticks of the default schedule.
	defaultFailingAfter = time.Hour
	// maxURL bounds a URL, in bytes.
	maxURL = 2048
	// minKey and maxKey are what Standard Webhooks allows for a secret, in bytes.
	minKey, maxKey = 24, 64
)

// Options say what the settings allow.
type Options struct {
	// AllowPrivate allows receivers at private addresses, and http.
	AllowPrivate bool
}

// Parse reads a file. The error joins all faults; each is a *Fault.
func Parse(data []byte, options Options) ([]Subscription, error) {
	r := &reader{options: options}
	if len(data) > MaxFile {
		r.addFault("", fmt.Sprintf("%d bytes", len(data)), "is too large", fmt.Sprintf("at most %d bytes", MaxFile))
		return nil, r.err()
	}
	// Decoders disagree about members that are there twice, and about text that is not UTF-8.
	canonical, err := catalog.Canonical(data)
	if err != nil {
		r.addFault("", "", "cannot be read: "+err.Error(), "a JSON object")
		return nil, r.err()
	}
	var list []Subscription
	top := r.object("", json.RawMessage(canonical), "$schema", "Subscriptions")
	for i, raw := range r.array("Subscriptions", top["Subscriptions"], maxSubscriptions) {
		list = append(list, r.subscription(fmt.Sprintf("Subscriptions[%d]", i), raw))
	}
	if top != nil && top["Subscriptions"] == nil {
		r.addFault("Subscriptions", "", "is missing", "a list, which may be empty")
	}
	r.checkNames(list)
	if err := r.err(); err != nil {
		return nil, err
	}
	return list, nil
}

// subscription reads one element of the list.
func (r *reader) subscription(path string, raw json.RawMessage) Subscription {
	m := r.object(path, raw, "Name", "Kind", "Url", "Secret", "Language", "FailingAfter", "Filter")
	if m == nil {
		return Subscription{}
	}
	s := Subscription{
		Name:         r.name(path+".Name", m["Name"]),
		Kind:         Kind(r.choice(path+".Kind", m["Kind"], "", kinds)),
		Language:     Language(r.choice(path+".Language", m["Language"], string(English), []string{"en", "zh"})),
		FailingAfter: r.duration(path+".FailingAfter", m["FailingAfter"]),
		Filter:       r.filter(path+".Filter", m["Filter"]),
	}
	s.URL = r.url(path+".Url", m["Url"])
	s.Secret = r.secret(path+".Secret", m["Secret"], s.Kind)
	return s
}

// name reads a name, which becomes part of an object key.
func (r *reader) name(path string, raw json.RawMessage) string {
	text, ok := r.requiredText(path, raw, "1 to 64 characters of A-Z a-z 0-9 . _ -")
	if !ok {
		return ""
	}
	if len(text) > 64 || catalog.ValidateName("name", text) != nil {
		r.addFault(path, quote(text), "cannot be a name",
			"1 to 64 characters of A-Z a-z 0-9 . _ -, but not . or .. or "+catalog.Any)
	}
	return text
}

// checkNames reports names that are there twice.
func (r *reader) checkNames(list []Subscription) {
	for i, s := range list {
		first := slices.IndexFunc(list, func(o Subscription) bool { return o.Name == s.Name })
		if s.Name != "" && first < i {
			r.addFault(fmt.Sprintf("Subscriptions[%d].Name", i), quote(s.Name),
				fmt.Sprintf("is the name of Subscriptions[%d] too", first), "a name of its own")
		}
	}
}

// url reads the address of a receiver. Its value is never part of a fault.
func (r *reader) url(path string, raw json.RawMessage) string {
	allowed := "an https URL without user and fragment"
	if r.options.AllowPrivate {
		allowed = "an http or https URL without user and fragment"
	}
	text, ok := r.requiredText(path, raw, allowed)
	if !ok {
		return ""
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || len(text) > maxURL:
		r.addFault(path, "", "is not a URL of a host, or is longer than 2,048 bytes", allowed)
	case u.User != nil || u.Fragment != "":
		r.addFault(path, "", "has a user or a fragment", allowed)
	case u.Scheme != "https" && (u.Scheme != "http" || !r.options.AllowPrivate):
		r.addFault(path, "", "has another scheme", allowed)
	}
	return text
}

// secret reads the key that signs messages. Its value is never part of a fault.
func (r *reader) secret(path string, raw json.RawMessage, kind Kind) string {
	text := r.text(path, raw)
	switch kind {
	case Webhook:
		allowed := fmt.Sprintf("whsec_ and the base64 text of %d to %d random bytes", minKey, maxKey)
		key, hasPrefix := strings.CutPrefix(text, "whsec_")
		if !hasPrefix || !isKey(key) {
			r.addFault(path, "", "is missing or not a secret of Standard Webhooks", allowed)
		}
	case WeCom, Slack:
		if text != "" {
			r.addFault(path, "", "is given, but a receiver of kind "+string(kind)+" has no secret", "no secret")
		}
	}
	return text
}

// isKey reports whether a text is the base64 form of a key of an allowed length.
func isKey(text string) bool {
	if _, err := webhooks.NewWebhook(text); err != nil {
		return false
	}
	n := len(strings.TrimRight(text, "=")) * 3 / 4
	return n >= minKey && n <= maxKey
}

// duration reads FailingAfter.
func (r *reader) duration(path string, raw json.RawMessage) time.Duration {
	text := r.text(path, raw)
	if raw == nil || text == "" && r.hasFault(path) {
		return defaultFailingAfter
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Minute || d > 7*24*time.Hour {
		r.addFault(path, quote(text), "is not a duration in its range", "1m to 168h, written like 30m or 1h30m")
	}
	return d
}
