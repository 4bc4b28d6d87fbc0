package subscription_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"community-images/shared/catalog"
	"community-images/shared/notify/subscription"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// good is a file with every member.
const good = `{"$schema": "notify.schema.json", "Subscriptions": [
 {"Name": "ops", "Kind": "dingtalk", "Url": "https://oapi.dingtalk.com/robot/send?access_token=x", "Secret": "SEC1",
  "Language": "zh", "FailingAfter": "30m", "Filter": {"kind": ["added", "boot-image-gone"], "RegionId": "cn-hangzhou",
  "ClusterId": ["ehpc-1", "_any"], "InstanceType": "ecs.c7.large", "ImageId": ["m-1", "m-2"], "alias": "base",
  "changedField": ["Status", "OsTag.Version"], "OsTag.Platform": ["CentOS", "Rocky"], "ImageName__glob": "linux_*"}},
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
			Kinds: []string{"added", "boot-image-gone"}, Regions: []string{"cn-hangzhou"}, Clusters: []string{"ehpc-1", "_any"},
			InstanceTypes: []string{"ecs.c7.large"}, Images: []string{"m-1", "m-2"}, Aliases: []string{"base"},
			ChangedFields: []string{"Status", "OsTag.Version"},
			Conditions: []subscription.Condition{
				{Field: "ImageName", Values: []string{"linux_*"}, IsGlob: true},
				{Field: "OsTag.Platform", Values: []string{"centos", "rocky"}},
			},
		},
	}
	if diff := cmp.Diff(want, list[0]); diff != "" {
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
	{`{"Subscriptions":[],"Subscriptions":[]}`, `notify.json: cannot be read: member "Subscriptions" is there twice; allowed: a JSON object`},
	{`{"Subscriptions":{},"Other":1}`, "Other: is not known; allowed: $schema, Subscriptions\n" +
		`Subscriptions: is not a list; allowed: a list of at most 50`},
	{`{"Subscriptions":[{"Name":"a/b","Kind":"telegram","Url":"ftp://keyOfUrl","Language":"de","FailingAfter":"1s","url":1},5]}`,
		`Subscriptions[0].url: is not known; allowed: Name, Kind, Url, Secret, Language, FailingAfter, Filter
Subscriptions[0].Name: "a/b" cannot be a name; allowed: 1 to 64 characters of A-Z a-z 0-9 . _ -, but not . or .. or _any
Subscriptions[0].Kind: "telegram" is not known; allowed: webhook, dingtalk, feishu, wecom, slack
Subscriptions[0].Language: "de" is not known; allowed: en, zh
Subscriptions[0].FailingAfter: "1s" is not a duration in its range; allowed: 1m to 168h, written like 30m or 1h30m
Subscriptions[0].Url: has another scheme; allowed: an https URL without user and fragment
Subscriptions[1]: is not an object; allowed: a JSON object with Name, Kind, Url, Secret, Language, FailingAfter, Filter`},
	{`{"Subscriptions":[{"Name":"a","Kind":"webhook","Url":"https://u:keyOfUrl@h/x"},{"Name":"a","Kind":"slack","Url":"https://h","Secret":"keyOfSecret"},` +
		`{"Name":"c","Kind":"webhook","Url":"https://h","Secret":"whsec_c2hvcnQ="}]}`,
		`Subscriptions[0].Url: has a user or a fragment; allowed: an https URL without user and fragment
Subscriptions[0].Secret: is missing or not a secret of Standard Webhooks; allowed: whsec_ and the base64 text of 24 to 64 random bytes
Subscriptions[1].Secret: is given, but a receiver of kind slack has no secret; allowed: no secret
Subscriptions[2].Secret: is missing or not a secret of Standard Webhooks; allowed: whsec_ and the base64 text of 24 to 64 random bytes
Subscriptions[1].Name: "a" is the name of Subscriptions[0] too; allowed: a name of its own`},
	{`{"Subscriptions":[{"Name":"a","Kind":"slack","Url":"https://h/x","Filter":{"kind":["added","moved"],"ClusterId":["a/b"],` +
		`"ImageId":[],"OsTag.Platform":5,"Platform":"x","ImageName__glob":["[a"],"changedField":"Statsu"}}]}`,
		`Subscriptions[0].Filter.Platform: is not known; allowed: kind, RegionId, ClusterId, InstanceType, ImageId, alias, changedField, ImageName
Subscriptions[0].Filter.kind[1]: "moved" is not known; allowed: added, removed, changed, ended, boot-image-gone, alias, region-failing
Subscriptions[0].Filter.ClusterId: "a/b" cannot be an id; allowed: characters of A-Z a-z 0-9 . _ -; _any for none
Subscriptions[0].Filter.ImageId: is empty; allowed: at least one value; without the member there is no condition
Subscriptions[0].Filter.changedField: "Statsu" is not known; allowed: ImageName, Status
Subscriptions[0].Filter.ImageName__glob[0]: "[a" is not a pattern; allowed: text with *, ? and [a-z]
Subscriptions[0].Filter.OsTag.Platform: is not a list; allowed: a list of at most 200`},
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
	if _, err := subscription.Parse(large, subscription.Options{}); err == nil || !strings.Contains(err.Error(), "is too large") {
		t.Errorf("a large file: %v", err)
	}
}

// TestSchemaAgrees: the schema takes what Parse takes, and refuses what it refuses, but for
// names that are there twice and members that are, patterns and lengths that a schema cannot say.
func TestSchemaAgrees(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../notify.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("notify.schema.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("notify.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	refuses := func(file string) bool {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(file))
		return err != nil || schema.Validate(value) != nil
	}
	if refuses(good) {
		t.Error("the schema refuses a good file")
	}
	for _, row := range bad {
		if !refuses(row.file) && !strings.Contains(row.faults, "is there twice") {
			t.Errorf("the schema takes %s", row.file)
		}
	}
}

// TestConditions: a value matches as in /v1/images, a glob the whole value.
func TestConditions(t *testing.T) {
	t.Parallel()
	im, err := catalog.ParseImage([]byte(`{"ImageId":"m-1","ImageName":"linux_CentOS7/base","Status":"Available","OsTag":{"Platform":"CentOS"}}`))
	if err != nil {
		t.Fatal(err)
	}
	for filter, want := range map[string]bool{
		`{}`: true, `{"OsTag.Platform":"centos"}`: true, `{"OsTag.Platform":["Rocky","CentOS"]}`: true, `{"OsTag.Platform":"Rocky"}`: false,
		`{"ImageName":"linux_CentOS7/base"}`: true, `{"ImageName":"linux_centos7/base"}`: false, `{"ImageName__glob":"linux_*"}`: true,
		`{"ImageName__glob":"CentOS*"}`: false, `{"ImageName__glob":"*CentOS[78]?base"}`: true, `{"Status__glob":"avail*"}`: true,
		`{"ImageName__glob":"linux_*","Status":"UnAvailable"}`: false, `{"Description":"x"}`: false,
	} {
		list, err := subscription.Parse([]byte(`{"Subscriptions":[{"Name":"a","Kind":"slack","Url":"https://h/x","Filter":`+filter+`}]}`), subscription.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := list[0].Filter.Matches(im); got != want {
			t.Errorf("%s: %v", filter, got)
		}
	}
}
