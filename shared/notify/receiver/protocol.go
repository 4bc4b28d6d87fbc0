package receiver

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"golang.org/x/time/rate"

	"community-images/shared/notify/message"
	"community-images/shared/notify/subscription"
)

// protocol is how receivers of one kind are spoken to.
type protocol struct {
	// rate and burst keep below the receiver's own limit, in messages a second.
	rate  rate.Limit
	burst int
	// newRequest makes the request for a message at a time.
	newRequest func(s *subscription.Subscription, m *message.Message, now time.Time) (*request, error)
	// checkBody returns an error unless the body of a success says that the message was taken.
	checkBody func(body []byte) error
}

// protocols has all kinds. DingTalk and WeCom take 20 messages a minute: 5 at once and one
// every 4 seconds are 20 in the worst minute. Feishu takes 100 a minute and 5 a second, Slack
// one a second.
var protocols = map[subscription.Kind]protocol{
	subscription.Webhook:  {10, 10, newWebhookRequest, func([]byte) error { return nil }},
	subscription.DingTalk: {0.25, 5, newDingTalkRequest, checkCode("errcode", dingTalkCodes)},
	subscription.WeCom:    {0.25, 5, newWeComRequest, checkCode("errcode", weComCodes)},
	subscription.Feishu:   {1, 3, newFeishuRequest, checkCode("code", feishuCodes)},
	subscription.Slack:    {1, 1, newSlackRequest, checkSlack},
}

// cloudEvent is an event of CloudEvents 1.0 in structured mode.
type cloudEvent struct {
	SpecVersion     string           `json:"specversion"`
	ID              string           `json:"id"`
	Source          string           `json:"source"`
	Type            string           `json:"type"`
	Subject         string           `json:"subject,omitempty"`
	Time            string           `json:"time"`
	DataContentType string           `json:"datacontenttype"`
	Data            *message.Message `json:"data"`
}

// newWebhookRequest makes a CloudEvent that is signed by Standard Webhooks.
func newWebhookRequest(s *subscription.Subscription, m *message.Message, now time.Time) (*request, error) {
	body, err := json.Marshal(cloudEvent{
		SpecVersion: "1.0", ID: m.ID, Source: "/community-images/" + m.RegionID,
		Type: "community-images." + string(m.Type) + ".v1", Subject: m.RegionID,
		Time: m.At.String(), DataContentType: "application/json", Data: m,
	})
	if err != nil {
		return nil, err
	}
	hook, err := webhooks.NewWebhook(s.Secret)
	if err != nil {
		return nil, err
	}
	signature, err := hook.Sign(m.ID, now, body)
	if err != nil {
		return nil, err
	}
	header := http.Header{}
	header.Set("Content-Type", "application/cloudevents+json; charset=utf-8")
	header.Set(webhooks.HeaderWebhookID, m.ID)
	header.Set(webhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	header.Set(webhooks.HeaderWebhookSignature, signature)
	return &request{s.URL, header, body}, nil
}

// textMessage is a text in the form of DingTalk and WeCom.
type textMessage struct {
	MsgType string      `json:"msgtype"`
	Text    textContent `json:"text"`
}

// textContent has the text of a textMessage.
type textContent struct {
	Content string `json:"content"`
}

// newDingTalkRequest makes a text. The signature is in the URL: of the time in milliseconds
// and the secret.
func newDingTalkRequest(s *subscription.Subscription, m *message.Message, now time.Time) (*request, error) {
	body, err := json.Marshal(textMessage{"text", textContent{m.Text}})
	if err != nil || s.Secret == "" {
		return &request{url: s.URL, body: body}, err
	}
	u, err := url.Parse(s.URL)
	if err != nil {
		return nil, err
	}
	timestamp := strconv.FormatInt(now.UnixMilli(), 10)
	q := u.Query()
	q.Set("timestamp", timestamp)
	q.Set("sign", base64.StdEncoding.EncodeToString(sign(s.Secret, timestamp+"\n"+s.Secret)))
	u.RawQuery = q.Encode()
	return &request{url: u.String(), body: body}, nil
}

// newWeComRequest makes a text. WeCom has no signature: the URL is the secret.
func newWeComRequest(s *subscription.Subscription, m *message.Message, _ time.Time) (*request, error) {
	body, err := json.Marshal(textMessage{"text", textContent{m.Text}})
	return &request{url: s.URL, body: body}, err
}

// feishuMessage is a text for Feishu.
type feishuMessage struct {
	Timestamp string     `json:"timestamp,omitempty"`
	Sign      string     `json:"sign,omitempty"`
	MsgType   string     `json:"msg_type"`
	Content   feishuText `json:"content"`
}

// feishuText has the text of a feishuMessage.
type feishuText struct {
	Text string `json:"text"`
}

// newFeishuRequest makes a text. The signature is in the body: the key is the time in seconds
// and the secret, and the signed text is empty.
func newFeishuRequest(s *subscription.Subscription, m *message.Message, now time.Time) (*request, error) {
	// Feishu reads <at user_id="all"> in a text as a mention.
	f := feishuMessage{MsgType: "text", Content: feishuText{strings.ReplaceAll(m.Text, "<", "\uff1c")}}
	if s.Secret != "" {
		f.Timestamp = strconv.FormatInt(now.Unix(), 10)
		f.Sign = base64.StdEncoding.EncodeToString(sign(f.Timestamp+"\n"+s.Secret, ""))
	}
	body, err := json.Marshal(f)
	return &request{url: s.URL, body: body}, err
}

// newSlackRequest makes a text. Slack has no signature: the URL is the secret.
func newSlackRequest(s *subscription.Subscription, m *message.Message, _ time.Time) (*request, error) {
	// Slack reads <!channel> in a text as a mention.
	text := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(m.Text)
	body, err := json.Marshal(struct {
		Text string `json:"text"`
	}{text})
	return &request{url: s.URL, body: body}, err
}

// sign returns the HMAC-SHA256 of a text.
func sign(key, text string) []byte {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(text))
	return h.Sum(nil)
}

// code is what an error code of a robot means.
type code struct {
	reason      string
	isThrottled bool
}

// The error codes that an operator can do something about.
var (
	dingTalkCodes = map[int]code{
		310000: {"the security settings of the robot refuse the message: signature, keyword or address", false},
		300005: {"the robot does not exist: check the access_token in the URL", false},
		130101: {"too many messages", true},
		410100: {"too many messages", true},
	}
	weComCodes = map[int]code{
		93000: {"the robot does not exist: check the key in the URL", false},
		45009: {"too many messages", true},
	}
	feishuCodes = map[int]code{
		19001: {"the bot does not exist: check the URL", false},
		19021: {"the signature is refused: check the secret", false},
		19022: {"the security settings of the bot refuse the address", false},
		19024: {"the security settings of the bot demand a keyword", false},
		9499:  {"too many messages", true},
		11232: {"too many messages", true},
	}
)

// throttlePause is the pause after a robot has refused a message because of its rate limit.
// DingTalk blocks a robot for 10 minutes.
const throttlePause = 10 * time.Minute

// checkCode returns a check of an answer that has 0 in a member if the message was taken.
func checkCode(member string, known map[int]code) func(body []byte) error {
	return func(body []byte) error {
		var answer map[string]json.RawMessage
		var n int
		if json.Unmarshal(body, &answer) != nil || json.Unmarshal(answer[member], &n) != nil {
			return &Error{Reason: fmt.Sprintf("the answer has no number %s: the URL may be of another service", member)}
		}
		if n == 0 {
			return nil
		}
		e := &Error{Reason: fmt.Sprintf("answered %s %d", member, n)}
		if c, ok := known[n]; ok {
			e.Reason += ", " + c.reason
			if c.isThrottled {
				e.RetryAfter = throttlePause
			}
		}
		return e
	}
}

// checkSlack returns an error unless the body is "ok".
func checkSlack(body []byte) error {
	if strings.TrimSpace(string(body)) != "ok" {
		return &Error{Reason: `the answer is not "ok": the URL may be of another service`}
	}
	return nil
}
