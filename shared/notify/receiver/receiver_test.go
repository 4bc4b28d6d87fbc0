package receiver_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"code.dny.dev/ssrf"

	"community-images/shared/catalog"
	"community-images/shared/notify/changes"
	"community-images/shared/notify/message"
	"community-images/shared/notify/notifytest"
	"community-images/shared/notify/receiver"
	"community-images/shared/notify/subscription"
)

// newMessage returns a message with names that could be read as mentions.
func newMessage(s *subscription.Subscription) *message.Message {
	c := &changes.Changes{RegionID: "cn-hangzhou", From: 5, To: 5, At: catalog.At(time.Now()),
		Added: []changes.Image{{ImageID: "m-1", ImageName: `<!channel> <at user_id="all"> & so on`}}}
	m := &message.Message{ID: "msg_1", Type: message.Changes, At: c.At, RegionID: c.RegionID,
		Regions: []message.Region{message.NewRegion(c, nil, "https://images.example.com")}}
	m.SetText(s.Language)
	return m
}

// subscriptionTo returns the subscription of a receiver.
func subscriptionTo(t *testing.T, r *notifytest.Receiver) *subscription.Subscription {
	t.Helper()
	list, err := subscription.Parse(notifytest.File(r.Subscription("")), subscription.Options{AllowPrivate: true})
	if err != nil {
		t.Fatal(err)
	}
	return &list[0]
}

// TestEveryKindIsSignedAsDocumented sends to receivers that check signatures with code of their
// own. A wrong secret is refused, each in the receiver's way.
func TestEveryKindIsSignedAsDocumented(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ kind, wrong, refused string }{
		{"webhook", "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "answered 401"},
		{"dingtalk", "SECother", "answered errcode 310000, the security settings of the robot refuse the message"},
		{"feishu", "other", "answered code 19021, the signature is refused"},
		{"wecom", "", ""}, {"slack", "", ""},
	} {
		r := notifytest.Start(t, row.kind, row.kind)
		c := receiver.New(receiver.Options{AllowPrivate: true, Now: time.Now})
		s := subscriptionTo(t, r)
		if err := c.Send(t.Context(), s, newMessage(s)); err != nil {
			refused, _ := r.Refused()
			t.Errorf("%s: %v %q", row.kind, err, refused)
		}
		if got := r.Drain(); len(got) != 1 || !strings.Contains(got[0].Text, "1 new: ") {
			t.Errorf("%s took %v", row.kind, got)
		}
		if row.wrong == "" {
			continue
		}
		s.Secret = row.wrong
		if err := c.Send(t.Context(), s, newMessage(s)); err == nil || !strings.HasPrefix(err.Error(), row.refused) {
			t.Errorf("%s with a wrong secret: %v", row.kind, err)
		}
	}
}

// TestErrorsOfReceivers: each way to refuse has a reason without any text of the receiver, and
// says whether another try can help.
func TestErrorsOfReceivers(t *testing.T) {
	t.Parallel()
	answer := func(status int, body string, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i+1 < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	for _, row := range []struct {
		name, kind string
		answer     http.HandlerFunc
		want       receiver.Error
	}{
		{"not found", "webhook", answer(404, "keyOfWebhook"), receiver.Error{Reason: "answered 404"}},
		{"down", "webhook", answer(503, "x"), receiver.Error{Reason: "answered 503", IsTransient: true}},
		{"down for a while", "webhook", answer(503, "x", "Retry-After", "90"),
			receiver.Error{Reason: "answered 503", RetryAfter: 90 * time.Second}},
		{"throttled", "slack", answer(429, "x", "Retry-After", "30"),
			receiver.Error{Reason: "answered 429, too many messages", RetryAfter: 30 * time.Second}},
		{"throttled for ever", "slack", answer(429, "x", "Retry-After", "99999999999"),
			receiver.Error{Reason: "answered 429, too many messages", RetryAfter: time.Hour}},
		{"a redirect", "webhook", answer(302, "", "Location", "http://127.0.0.1/"),
			receiver.Error{Reason: "answered 302, a redirect, which is not followed"}},
		{"DingTalk throttles", "dingtalk", answer(200, `{"errcode":130101,"errmsg":"send too fast"}`),
			receiver.Error{Reason: "answered errcode 130101, too many messages", RetryAfter: 10 * time.Minute}},
		{"DingTalk's other error", "dingtalk", answer(200, `{"errcode":40035,"errmsg":"keyOfWebhook"}`),
			receiver.Error{Reason: "answered errcode 40035"}},
		{"WeCom throttles", "wecom", answer(200, `{"errcode":45009}`),
			receiver.Error{Reason: "answered errcode 45009, too many messages", RetryAfter: 10 * time.Minute}},
		{"Feishu throttles", "feishu", answer(200, `{"code":11232}`),
			receiver.Error{Reason: "answered code 11232, too many messages", RetryAfter: 10 * time.Minute}},
		{"a page", "dingtalk", answer(200, "<html>keyOfWebhook"),
			receiver.Error{Reason: "the answer has no number errcode: the URL may be of another service"}},
		{"not Slack", "slack", answer(200, "hello"),
			receiver.Error{Reason: `the answer is not "ok": the URL may be of another service`}},
		{"it breaks off", "webhook", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			receiver.Error{Reason: "the connection failed", IsTransient: true}},
		{"an endless answer", "dingtalk", func(w http.ResponseWriter, _ *http.Request) {
			for range 100 {
				_, _ = io.WriteString(w, strings.Repeat(" ", 1<<20))
			}
		}, receiver.Error{Reason: "the answer has no number errcode: the URL may be of another service"}},
	} {
		r := notifytest.Start(t, "r", row.kind)
		r.SetAnswer(row.answer)
		s := subscriptionTo(t, r)
		err := receiver.New(receiver.Options{AllowPrivate: true, Now: time.Now}).Send(t.Context(), s, newMessage(s))
		var got *receiver.Error
		if !errors.As(err, &got) || *got != row.want {
			t.Errorf("%s: %+v, want %+v", row.name, err, row.want)
		}
	}
}

// TestAddressesThatAreNotPublic: all forms of them are refused when they are dialled, also if a
// public name leads there.
func TestAddressesThatAreNotPublic(t *testing.T) {
	t.Parallel()
	c := receiver.New(receiver.Options{Now: time.Now})
	for _, host := range []string{
		"127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.100.100.200",
		"100.64.0.1", "224.0.0.1", "255.255.255.255", "[::1]", "[::]", "[fe80::1]", "[fd00::1]", "[fc00::1]", "[ff02::1]",
		"[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[::ffff:100.100.100.200]", "[64:ff9b::7f00:1]", "[64:ff9b::a00:1]",
		"[64:ff9b:1::1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]", "[::127.0.0.1]", "localhost", "2130706433", "0x7f000001",
	} {
		s := &subscription.Subscription{Name: "n", Kind: subscription.Slack, URL: "https://" + host + ":443/x"}
		err := c.Send(t.Context(), s, newMessage(s))
		var got *receiver.Error
		if !errors.As(err, &got) || !strings.HasPrefix(got.Reason, "the address is not public") &&
			!strings.HasPrefix(got.Reason, "there is no such host") {
			t.Errorf("%s: %v", host, err)
		}
	}
	if err := ssrf.New(ssrf.WithAnyPort()).SafeAddr(netip.MustParseAddr("203.119.214.100")); err != nil {
		t.Errorf("a public address is refused: %v", err)
	}
}

// TestANameThatLeadsInside: the address is checked and not the name.
func TestANameThatLeadsInside(t *testing.T) {
	t.Parallel()
	resolver := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go answerDNS(server, [4]byte{10, 0, 0, 7})
		return client, nil
	}}
	c := receiver.New(receiver.Options{Now: time.Now, Resolver: resolver})
	s := &subscription.Subscription{Name: "n", Kind: subscription.Slack, URL: "https://inside.example.com/x"}
	err := c.Send(t.Context(), s, newMessage(s))
	if err == nil || !strings.HasPrefix(err.Error(), "the address is not public") {
		t.Errorf("sent: %v", err)
	}
}

// answerDNS answers each question over a stream: a question of type A with an address, others
// with nothing.
func answerDNS(c net.Conn, address [4]byte) {
	defer c.Close()
	for {
		var length [2]byte
		if _, err := io.ReadFull(c, length[:]); err != nil {
			return
		}
		question := make([]byte, int(length[0])<<8|int(length[1]))
		if _, err := io.ReadFull(c, question); err != nil {
			return
		}
		end := 12
		for question[end] != 0 {
			end += 1 + int(question[end])
		}
		end += 5
		answer := append([]byte{question[0], question[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, question[12:end]...)
		if question[end-4] == 0 && question[end-3] == 1 {
			answer[7] = 1
			answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, address[0], address[1], address[2], address[3])
		}
		if _, err := c.Write(append([]byte{byte(len(answer) >> 8), byte(len(answer))}, answer...)); err != nil {
			return
		}
	}
}

// TestRateLimits: no minute has more messages than a robot takes. Without time under the limit a
// receiver is not asked.
func TestRateLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := receiver.New(receiver.Options{Now: time.Now})
		s := &subscription.Subscription{Name: "n", Kind: subscription.DingTalk, URL: "https://127.0.0.1/x"}
		other := *s
		other.Name = "shares the robot"
		m := newMessage(s)
		var times []time.Time
		for i := range 40 {
			_ = c.Send(t.Context(), []*subscription.Subscription{s, &other}[i%2], m) // the address is refused
			times = append(times, time.Now())
		}
		for i := range times {
			n := 0
			for _, later := range times[i:] {
				if later.Sub(times[i]) < time.Minute {
					n++
				}
			}
			if n > 20 {
				t.Fatalf("%d messages within the minute from number %d", n, i)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Send(ctx, s, m); !errors.Is(err, receiver.ErrNoTime) {
			t.Errorf("without time: %v", err)
		}
	})
}

// TestNoProxyOfTheEnvironment: a proxy would dial for us, and see the URL.
func TestNoProxyOfTheEnvironment(t *testing.T) {
	proxy := notifytest.Start(t, "proxy", "slack")
	address := strings.TrimSuffix(proxy.URL(), "/services/T0/B0/keyOfSlack")
	t.Setenv("HTTP_PROXY", address)
	t.Setenv("HTTPS_PROXY", address)
	s := &subscription.Subscription{Name: "n", Kind: subscription.Slack, URL: "http://receiver.invalid/x"}
	err := receiver.New(receiver.Options{AllowPrivate: true, Now: time.Now}).Send(t.Context(), s, newMessage(s))
	if _, requests := proxy.Refused(); requests > 0 || err == nil {
		t.Errorf("the proxy was asked %d times: %v", requests, err)
	}
}
