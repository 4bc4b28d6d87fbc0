package query_test

import (
	"context"
	"strings"
	"testing"

	"community-images/shared/access"
	"community-images/shared/query"
	"community-images/shared/query/status"
)

// TestSubscriptionsShow: callers who see everything see how the subscriptions to messages stand.
// For others there are none. An object that cannot be read is reported and left out.
func TestSubscriptionsShow(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	reads, reported := 0, 0
	withNotify := func(o *query.Options) {
		report := o.Report
		o.Report = func(ctx context.Context, id string, err error) { reported++; report(ctx, id, err) }
		o.Notify = &status.Subscriptions{Get: func(ctx context.Context, etag string) ([]byte, string, error) {
			reads++
			return w.Memory.Get(ctx, w.Keys.NotifyStatus(), etag)
		}}
	}
	h := w.Handler(allow(access.Grant{Name: "all"}, access.Grant{Name: "a", Clusters: []string{"ehpc-a"}},
		access.Grant{Name: "r", Regions: []string{hangzhou}}), withNotify)
	ask := func(caller string) (string, string) {
		return get(h, "/v1/status", "Authorization", bearer(caller)).Body.String(),
			get(h, "/metrics", "Authorization", bearer(caller)).Body.String()
	}
	shown, metrics := ask("all")
	if strings.Contains(shown, "Notify") || strings.Contains(metrics, "subscription") || reported > 0 {
		t.Errorf("without subscriptions:\n%s\n%s", shown, metrics)
	}
	w.Memory.Spoil(w.Keys.NotifyStatus(), []byte(`{"Format":1,`+
		`"Problem":"Subscriptions[0].Kind: is missing","Subscriptions":[`+
		`{"Name":"ops","Kind":"dingtalk","Pending":3,"FailingSince":"2026-11-23T09:00:00.000Z","Problem":"answered 503"}]}`))
	for range 2 { // the second time the object has not changed
		shown, metrics := ask("all")
		for _, part := range []string{`"Name":"ops"`, `"Problem":"answered 503"`, `"FailingSince":"2026-11-23T09:00:00.000Z"`,
			`"Problem":"Subscriptions[0].Kind: is missing"`} {
			if !strings.Contains(shown, part) {
				t.Errorf("%s is not in %s", part, shown)
			}
		}
		for _, part := range []string{`subscription_pending{subscription="ops"} 3`,
			`subscription_failing{subscription="ops"} 1`, "notify_file_problem 1"} {
			if !strings.Contains(metrics, part) {
				t.Errorf("%s is not in %s", part, metrics)
			}
		}
	}
	before := reads
	for _, caller := range []string{"a", "r"} {
		shown, metrics := ask(caller)
		if strings.Contains(shown+metrics, "ops") || strings.Contains(shown+metrics, "ubscription") {
			t.Errorf("%s sees\n%s\n%s", caller, shown, metrics)
		}
	}
	if reads != before {
		t.Errorf("%d reads for callers who may not see", reads-before)
	}
	w.Memory.Spoil(w.Keys.NotifyStatus(), []byte("{"))
	if shown, _ := ask("all"); strings.Contains(shown, "Notify") || reported == 0 {
		t.Errorf("a damaged object: %d reported, %s", reported, shown)
	}
}
