// Package notifytest has receivers for tests. Each checks requests as the service whose
// protocol it speaks documents it, with code of its own, and answers errors in that service's
// way.
package notifytest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Secrets of the receivers, by kind. WeCom and Slack have none.
var secrets = map[string]string{
	"webhook":  "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
	"dingtalk": "SEC8f0d1c2b3a49586776859403a2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4",
	"feishu":   "fEiShuSecret123456789",
}

// Message is a message that a receiver took.
type Message struct {
	ID   string // of a webhook; other receivers get none
	Type string // of a webhook's event, for example community-images.changes.v1
	Text string
	Body []byte
}

// Receiver is one receiver.
type Receiver struct {
	Name, Kind string
	server     *httptest.Server
	// Now is the clock that signatures are compared with; nil: that of the machine.
	Now func() time.Time

	mu       sync.Mutex // guards what follows
	messages []Message
	refused  []string
	answer   http.HandlerFunc
	requests int
	times    []time.Time
}

// Start starts a receiver of a kind.
func Start(t testing.TB, name, kind string) *Receiver {
	r := &Receiver{Name: name, Kind: kind, Now: time.Now}
	r.server = httptest.NewServer(r)
	t.Cleanup(r.server.Close)
	return r
}

// URL returns the address with its key.
func (r *Receiver) URL() string {
	switch r.Kind {
	case "dingtalk":
		return r.server.URL + "/robot/send?access_token=tokenOfDingTalk"
	case "wecom":
		return r.server.URL + "/cgi-bin/webhook/send?key=keyOfWeCom"
	case "feishu":
		return r.server.URL + "/open-apis/bot/v2/hook/hookOfFeishu"
	case "slack":
		return r.server.URL + "/services/T0/B0/keyOfSlack"
	}
	return r.server.URL + "/hook/keyOfWebhook"
}

// Secrets returns what must not be printed or stored.
func (r *Receiver) Secrets() []string {
	list := []string{"tokenOfDingTalk", "keyOfWeCom", "hookOfFeishu", "keyOfSlack", "keyOfWebhook"}
	if s := secrets[r.Kind]; s != "" {
		list = append(list, s, strings.TrimPrefix(s, "whsec_"))
	}
	return list
}

// Subscription returns the entry of notify.json. more has further members, each followed by a
// comma, for example `"Language":"zh",`.
func (r *Receiver) Subscription(more string) string {
	secret := ""
	if s := secrets[r.Kind]; s != "" {
		secret = fmt.Sprintf(`"Secret":%q,`, s)
	}
	return fmt.Sprintf(`{"Name":%q,"Kind":%q,%s%s"Url":%q}`, r.Name, r.Kind, secret, more, r.URL())
}

// File returns a notify.json with some entries.
func File(entries ...string) []byte {
	return []byte(`{"Subscriptions":[` + strings.Join(entries, ",") + `]}`)
}

// SetAnswer sets what the receiver does with each request instead of taking it; nil: it takes
// it.
func (r *Receiver) SetAnswer(answer http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

// Drain returns the messages since the last call.
func (r *Receiver) Drain() []Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.messages
	r.messages = nil
	return list
}

// Refused returns why messages were refused, and how many requests there were.
func (r *Receiver) Refused() ([]string, int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.refused), r.requests
}

// ServeHTTP implements http.Handler.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	r.requests++
	answer := r.answer
	r.mu.Unlock()
	if answer != nil {
		answer(w, req)
		return
	}
	r.Take(w, req)
}

// Take takes a request as the service does. An answer that was set can call it.
func (r *Receiver) Take(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil { // the caller has died
		panic(http.ErrAbortHandler)
	}
	m, fault := Message{Body: body}, ""
	if req.Method != http.MethodPost {
		fault = "the method is " + req.Method
	}
	if fault == "" {
		fault = map[string]func(*Message, *http.Request) string{
			"webhook": r.takeWebhook, "dingtalk": r.takeDingTalk, "wecom": r.takeWeCom,
			"feishu": r.takeFeishu, "slack": r.takeSlack,
		}[r.Kind](&m, req)
	}
	r.mu.Lock()
	if fault == "" && (r.Kind == "dingtalk" || r.Kind == "wecom") && r.isThrottled() {
		fault = "throttled"
	}
	if fault == "" {
		r.messages = append(r.messages, m)
	} else {
		r.refused = append(r.refused, fault)
	}
	r.mu.Unlock()
	r.reply(w, fault)
}

// isThrottled notes a message and reports whether there were more than 20 within a minute. mu
// must be held.
func (r *Receiver) isThrottled() bool {
	now := r.Now()
	r.times = slices.DeleteFunc(r.times, func(t time.Time) bool { return now.Sub(t) >= time.Minute })
	r.times = append(r.times, now)
	return len(r.times) > 20
}

// reply answers as the service does.
func (r *Receiver) reply(w http.ResponseWriter, fault string) {
	code := 0
	switch {
	case r.Kind == "webhook" && fault != "":
		http.Error(w, "refused", http.StatusUnauthorized)
		return
	case r.Kind == "webhook":
		w.WriteHeader(http.StatusNoContent)
		return
	case r.Kind == "slack" && fault != "":
		http.Error(w, "invalid_payload", http.StatusBadRequest)
		return
	case r.Kind == "slack":
		_, _ = io.WriteString(w, "ok")
		return
	case fault == "throttled":
		code = map[string]int{"dingtalk": 130101, "wecom": 45009}[r.Kind]
	case fault != "":
		code = map[string]int{"dingtalk": 310000, "wecom": 93000, "feishu": 19021}[r.Kind]
	}
	w.Header().Set("Content-Type", "application/json")
	if r.Kind == "feishu" {
		fmt.Fprintf(w, `{"code":%d,"msg":"x","data":{}}`, code)
		return
	}
	fmt.Fprintf(w, `{"errcode":%d,"errmsg":"x"}`, code)
}

// takeWebhook checks a CloudEvent by https://www.standardwebhooks.com and CloudEvents 1.0.
func (r *Receiver) takeWebhook(m *Message, req *http.Request) string {
	hook, err := webhooks.NewWebhook(secrets["webhook"])
	if err != nil {
		return err.Error()
	}
	if err := hook.VerifyIgnoringTimestamp(m.Body, req.Header); err != nil {
		return err.Error()
	}
	seconds, _ := strconv.ParseInt(req.Header.Get("webhook-timestamp"), 10, 64)
	if d := r.Now().Sub(time.Unix(seconds, 0)); d.Abs() > 5*time.Minute {
		return "the signature is too old"
	}
	var e struct {
		SpecVersion, ID, Source, Type, Time, DataContentType string
		Data                                                 struct{ Text string }
	}
	if err := json.Unmarshal(m.Body, &e); err != nil {
		return err.Error()
	}
	_, err = time.Parse(time.RFC3339, e.Time)
	if e.SpecVersion != "1.0" || e.Source == "" || e.Type == "" || e.DataContentType != "application/json" || err != nil ||
		e.ID != req.Header.Get("webhook-id") ||
		!strings.HasPrefix(req.Header.Get("Content-Type"), "application/cloudevents+json") {
		return "no CloudEvent: " + string(m.Body)
	}
	m.ID, m.Type, m.Text = e.ID, e.Type, e.Data.Text
	return ""
}

// hmacOf returns the base64 text of an HMAC-SHA256.
func hmacOf(key, text string) string {
	h := hmac.New(sha256.New, []byte(key))
	_, _ = io.WriteString(h, text)
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// takeDingTalk checks a message by "Custom robot security settings" of DingTalk's documents.
func (r *Receiver) takeDingTalk(m *Message, req *http.Request) string {
	q := req.URL.Query()
	ms, _ := strconv.ParseInt(q.Get("timestamp"), 10, 64)
	switch {
	case q.Get("access_token") != "tokenOfDingTalk":
		return "no token"
	case r.Now().Sub(time.UnixMilli(ms)).Abs() > time.Hour:
		return "the timestamp is an hour off"
	case q.Get("sign") != hmacOf(secrets["dingtalk"], q.Get("timestamp")+"\n"+secrets["dingtalk"]):
		return "wrong sign"
	}
	return takeText(m, 20000)
}

// takeWeCom checks a message by "Group robot configuration" of WeCom's documents.
func (r *Receiver) takeWeCom(m *Message, req *http.Request) string {
	if req.URL.Query().Get("key") != "keyOfWeCom" {
		return "no key"
	}
	return takeText(m, 2048)
}

// takeText reads a text of DingTalk or WeCom.
func takeText(m *Message, most int) string {
	var body struct {
		MsgType string
		Text    struct{ Content string }
	}
	if err := json.Unmarshal(m.Body, &body); err != nil || body.MsgType != "text" || body.Text.Content == "" {
		return "no text: " + string(m.Body)
	}
	if m.Text = body.Text.Content; len(m.Text) > most {
		return "the text is too long"
	}
	return ""
}

// takeFeishu checks a message by "Use bots in groups" of Feishu's documents.
func (r *Receiver) takeFeishu(m *Message, _ *http.Request) string {
	var body struct {
		Timestamp, Sign string
		MsgType         string `json:"msg_type"`
		Content         struct{ Text string }
	}
	if err := json.Unmarshal(m.Body, &body); err != nil || body.MsgType != "text" || body.Content.Text == "" {
		return "no text: " + string(m.Body)
	}
	seconds, _ := strconv.ParseInt(body.Timestamp, 10, 64)
	switch {
	case r.Now().Sub(time.Unix(seconds, 0)).Abs() > time.Hour:
		return "the timestamp is an hour off"
	case body.Sign != hmacOf(body.Timestamp+"\n"+secrets["feishu"], ""):
		return "wrong sign"
	case strings.Contains(body.Content.Text, "<"):
		return "a mention: " + body.Content.Text
	}
	m.Text = body.Content.Text
	return ""
}

// takeSlack checks a message by "Sending messages using incoming webhooks" of Slack's documents.
func (r *Receiver) takeSlack(m *Message, req *http.Request) string {
	var body struct{ Text string }
	err := json.Unmarshal(m.Body, &body)
	if err != nil || body.Text == "" || req.URL.Path != "/services/T0/B0/keyOfSlack" {
		return "no text: " + string(m.Body)
	}
	if strings.ContainsAny(body.Text, "<>") {
		return "a mention: " + body.Text
	}
	m.Text = body.Text
	return ""
}
