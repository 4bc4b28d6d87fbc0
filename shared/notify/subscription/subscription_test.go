package subscription_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"community-images/shared/jsonschematest"
	"community-images/shared/notify/subscription"
	"community-images/shared/query/filter"
	"community-images/shared/query/request"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// good is a file with every member.
const good = `{"$schema": "notify.schema.json", "Subscriptions": [
 {"Name": "ops", "Kind": "dingtalk", "Url": "https://oapi.dingtalk.com/robot/send?access_token=x", "Secret": "SEC1",
  "Language": "zh", "FailingAfter": "30m", "Filter": {"kind": ["added", "boot-image-gone"], "RegionId": "cn-hangzhou",
  "ClusterId": ["ehpc-1", "_any"], "InstanceType": "ecs.c7.large", "ImageId": ["m-2", "m-1"], "alias": "base",
  "changedField": ["Status", "OsTag.Version"], "OsTag.Platform": ["CentOS", "Rocky"], "ImageName__glob": "linux_*",
  "q": "MPI centos"}},
 {"Name": "hook", "Kind": "webhook", "Url": "https://example.com/hook", "Secret": "` + secret + `"},
 {"Name": "feishu", "Kind": "feishu", "Url": "https://open.feishu.cn/open-apis/bot/v2/hook/x"},
 {"Name": "wecom", "Kind": "wecom", "Url": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x"},
 {"Name": "slack", "Kind": "slack", "Url": "https://hooks.slack.com/services/x"}]}`

func TestParse(t *testing.T) {
	t.Parallel()
	list, err := subscription.Parse([]byte(good), subscription.Options{})
	if err != nil || len(list) != 5 {
		t.Fatal(len(list), err)
	}
	want := subscription.Subscription{
		Name: "ops", Kind: subscription.DingTalk, URL: "https://oapi.dingtalk.com/robot/send?access_token=x", Secret: "SEC1",
		Language: subscription.Chinese, FailingAfter: 30 * time.Minute,
		Filter: subscription.Filter{
			Kinds: []string{"added", "boot-image-gone"}, Regions: []string{"cn-hangzhou"},
			Selection: request.Selection{Clusters: []string{"ehpc-1", "_any"}, Types: []string{"ecs.c7.large"}},
			Aliases:   []string{"base"}, ChangedFields: []string{"Status", "OsTag.Version"},
			ImageIDs:   []string{"m-1", "m-2"},
			Conditions: []filter.Predicate{{Name: "ImageName__glob"}, {Name: "OsTag.Platform"}},
			Words:      [][]byte{[]byte("centos"), []byte("mpi")},
		},
	}
	// TestConditions tests what conditions mean.
	if diff := cmp.Diff(want, list[0], cmpopts.IgnoreFields(filter.Predicate{}, "Field", "Test", "Cost")); diff != "" {
		t.Error(diff)
	}
	if s := list[1]; s.Language != subscription.English || s.FailingAfter != time.Hour {
		t.Errorf("the defaults are %q, %s", s.Language, s.FailingAfter)
	}
}

// bad are files with faults, and each fault as it is told.
var bad = []struct{ file, faults string }{
	{``, `notify.json: cannot be read: not valid JSON; allowed: a JSON object`},
	{`[]`, `notify.json: is not an object; allowed: a JSON object with $schema, Subscriptions`},
	{`{}`, `Subscriptions: is missing; allowed: a list, which may be empty`},
	{`{"Subscriptions":[],"Subscriptions":[]}`,
		`notify.json: cannot be read: member "Subscriptions" is there twice; allowed: a JSON object`},
	{`{"Subscriptions":{},"Other":1}`, "Other: is not known; allowed: $schema, Subscriptions\n" +
		`Subscriptions: is not a list; allowed: a list of at most 50`},
	{`{"Subscriptions":[{"Name":"a/b","Kind":"telegram","Url":"ftp://keyOfUrl","Language":"de",` +
		`"FailingAfter":"1s","url":1},5]}`,
		`Subscriptions[0].url: is not known; allowed: Name, Kind, Url, Secret, Language, FailingAfter, Filter
Subscriptions[0].Name: "a/b" cannot be a name; allowed: 1 to 64 characters of A-Z a-z 0-9 . _ -, but not . or .. or _any
Subscriptions[0].Kind: "telegram" is not known; allowed: webhook, dingtalk, feishu, wecom, slack
Subscriptions[0].Language: "de" is not known; allowed: en, zh
Subscriptions[0].FailingAfter: "1s" is not a duration in its range; allowed: 1m to 168h, written like 30m or 1h30m
Subscriptions[0].Url: has another scheme; allowed: an https URL without user and fragment
Subscriptions[1]: is not an object; allowed: a JSON object with Name, Kind, Url, Secret, Language, FailingAfter, Filter`},
	{`{"Subscriptions":[{"Name":"a","Kind":"webhook","Url":"https://u:keyOfUrl@h/x"},` +
		`{"Name":"a","Kind":"slack","Url":"https://h","Secret":"keyOfSecret"},` +
		`{"Name":"c","Kind":"webhook","Url":"https://h","Secret":"whsec_c2hvcnQ="}]}`,
		`Subscriptions[0].Url: has a user or a fragment; allowed: an https URL without user and fragment
Subscriptions[0].Secret: is missing or not a secret of Standard Webhooks; allowed: whsec_ and the base64 text of 24 to 64 random bytes
Subscriptions[1].Secret: is given, but a receiver of kind slack has no secret; allowed: no secret
Subscriptions[2].Secret: is missing or not a secret of Standard Webhooks; allowed: whsec_ and the base64 text of 24 to 64 random bytes
Subscriptions[1].Name: "a" is the name of Subscriptions[0] too; allowed: a name of its own`},
	{`{"Subscriptions":[{"Name":"a","Kind":"slack","Url":"https://h/x",` +
		`"Filter":{"kind":["added","moved"],"ClusterId":["a/b"],"ImageId":[],"OsTag.Platform":5,` +
		`"Platform":"x","ImageName__glob":["[z-a]"],"changedField":"Statsu","RegionId":["cn-a",1]}},` +
		`{"Name":"b","Kind":"slack","Url":"https://h/x","Filter":[]}]}`,
		`Subscriptions[0].Filter.ImageId: is empty; allowed: at least one value; ` +
			`without the member there is no condition
Subscriptions[0].Filter.OsTag.Platform: is not text; allowed: text such as "40", or a list of texts
Subscriptions[0].Filter.RegionId[1]: is not text; allowed: text such as "40", or a list of texts
Subscriptions[0].Filter.ClusterId: must be ids of clusters, which have A-Z a-z 0-9 . _ -, a comma list of them, ` +
			`* for all, or _any for none, got "a/b"
Subscriptions[0].Filter.ImageName__glob: has the range "z-a", whose end is before its start; ` +
			`allowed: a pattern of *, ? and [a-z] for the whole value
Subscriptions[0].Filter.Platform: is not a parameter of the filter of a subscription. ` +
			`Did you mean "OsTag.Platform"?; ` +
			`allowed: kind, RegionId, alias, changedField, ClusterId, InstanceType, q, and every field of an image
Subscriptions[0].Filter.changedField: must be ImageName, Status, Size, ImageOwnerAlias, SkuCode, PricingCycle, ` +
			`ProductCode, Uid, Description, PostInstallScript, BaseOsTag.Platform, BaseOsTag.OsTag, BaseOsTag.Version, ` +
			`BaseOsTag.Architecture, OsTag.Platform, OsTag.OsTag, OsTag.Version, OsTag.Architecture, OsTag.BaseOsTag, ` +
			`BaseOsTag or OsTag, got "Statsu". Did you mean "Status"?
Subscriptions[0].Filter.kind: must be added, removed, changed, ended, boot-image-gone, alias or region-failing, ` +
			`got "moved"
Subscriptions[1].Filter: is not an object; allowed: a JSON object with parameters of /v1/changes and /v1/images`},
}

// TestFaultsAreNamedTogether: each fault has its path, the value and what is allowed, but never a
// URL or a secret.
func TestFaultsAreNamedTogether(t *testing.T) {
	t.Parallel()
	for _, row := range bad {
		list, err := subscription.Parse([]byte(row.file), subscription.Options{})
		if err == nil || list != nil {
			t.Errorf("%s is taken", row.file)
			continue
		}
		got := strings.Split(err.Error(), "\n")
		want := strings.Split(row.faults, "\n")
		if len(got) != len(want) {
			t.Errorf("%s:\n%s\nwant\n%s", row.file, err, row.faults)
			continue
		}
		for i := range want {
			if !strings.HasPrefix(got[i], want[i]) {
				t.Errorf("%s:\n%s\nwant\n%s", row.file, got[i], want[i])
			}
		}
		for _, key := range []string{"keyOfUrl", "keyOfSecret"} {
			if strings.Contains(err.Error(), key) {
				t.Errorf("%q is in %s", key, err)
			}
		}
	}
	large := append([]byte(good), bytes.Repeat([]byte{' '}, subscription.MaxFile)...)
	_, err := subscription.Parse(large, subscription.Options{})
	if err == nil || !strings.Contains(err.Error(), "is too large") {
		t.Errorf("a large file: %v", err)
	}
}

// TestSchemaAgrees: the schema refuses the same files, but for names that are there twice. It
// takes names as documents write them: for lists in one text, and another case, only a run can tell.
func TestSchemaAgrees(t *testing.T) {
	t.Parallel()
	schema := jsonschematest.Compile(t, "../notify.schema.json")
	if err := schema.Validate(good); err != nil {
		t.Errorf("the schema refuses a good file: %v", err)
	}
	for _, row := range bad {
		if schema.Validate(row.file) == nil && !strings.Contains(row.faults, "is there twice") {
			t.Errorf("the schema takes %s", row.file)
		}
	}
}
