package config_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap/zapcore"

	"community-images/shared/cloud"
	"community-images/shared/config"
)

// with is the least environment of a function inside FC, and more.
func with(more ...string) []string {
	return append([]string{"FC_REGION=cn-hangzhou", "OSS_BUCKET=images"}, more...)
}

func TestDefaultsInsideFunctionCompute(t *testing.T) {
	t.Parallel()
	common := config.Common{
		OSS: config.OSS{Endpoint: "https://oss-cn-hangzhou-internal.aliyuncs.com", Region: "cn-hangzhou", Bucket: "images",
			Prefix: "community-images"},
		Regions:  []string{"cn-hangzhou"},
		LogLevel: zapcore.InfoLevel,
	}
	snapshot, err := config.SnapshotFrom(with())
	if err != nil {
		t.Fatal(err)
	}
	want := config.Snapshot{
		Common: common, Unscoped: true, InstanceTypes: config.InstanceTypes{Auto: true},
		QPS: 10, Concurrency: 16, ShrinkGuard: 50, Retention: config.Retention{Months: 13},
	}
	if diff := cmp.Diff(want, snapshot); diff != "" {
		t.Error(diff)
	}
	query, err := config.QueryFrom(with())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(config.Query{Common: common, MaxStale: time.Hour, HeadTTL: 5 * time.Second},
		query); diff != "" {
		t.Error(diff)
	}
}

func TestEverySnapshotSetting(t *testing.T) {
	t.Parallel()
	got, err := config.SnapshotFrom([]string{
		"OSS_ENDPOINT=http://127.0.0.1:9000/", "OSS_REGION=cn-beijing", "OSS_BUCKET=b-1", "OSS_PREFIX=/a/b/",
		"EHPC_REGIONS=cn-hangzhou, cn-beijing,cn-hangzhou", "EHPC_ENDPOINT=ehpc-vpc.{region}.aliyuncs.com",
		"SNAPSHOT_CLUSTERS=ehpc-hz-1,ehpc-hz-2", "SNAPSHOT_UNSCOPED=False",
		"SNAPSHOT_INSTANCE_TYPES=ecs.c7.large, ecs.g7.xlarge", "SNAPSHOT_QPS=0.5", "SNAPSHOT_CONCURRENCY=32",
		"SNAPSHOT_SHRINK_GUARD=100", "SNAPSHOT_RETENTION=2y", "LOG_LEVEL=WARN",
		"NOTIFY_PUBLIC_URL=images.example.com/", "NOTIFY_ALLOW_PRIVATE=true",
		"ALIBABA_CLOUD_ACCESS_KEY_ID=id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET=secret",
		"ALIBABA_CLOUD_SECURITY_TOKEN=token",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := config.Snapshot{
		Common: config.Common{
			OSS:         config.OSS{Endpoint: "http://127.0.0.1:9000", Region: "cn-beijing", Bucket: "b-1", Prefix: "a/b"},
			Regions:     []string{"cn-hangzhou", "cn-beijing"},
			LogLevel:    zapcore.WarnLevel,
			Credentials: cloud.Credentials{AccessKeyID: "id", AccessKeySecret: "secret", SecurityToken: "token"},
		},
		EHPC: "https://ehpc-vpc.{region}.aliyuncs.com", Clusters: []string{"ehpc-hz-1", "ehpc-hz-2"},
		InstanceTypes: config.InstanceTypes{List: []string{"ecs.c7.large", "ecs.g7.xlarge"}},
		QPS:           0.5, Concurrency: 32, ShrinkGuard: 100, Retention: config.Retention{Months: 24},
		NotifyPublicURL: "https://images.example.com", NotifyAllowPrivate: true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEveryQuerySetting(t *testing.T) {
	t.Parallel()
	got, err := config.QueryFrom(with("QUERY_MAX_STALE=90m", "QUERY_HEAD_TTL=0s",
		"QUERY_REDACT=uid,PostInstallScript,Uid", "QUERY_GZIP=1"))
	if err != nil {
		t.Fatal(err)
	}
	want := config.Query{Common: got.Common, MaxStale: 90 * time.Minute, Redact: []string{"Uid", "PostInstallScript"},
		Gzip: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOtherForms(t *testing.T) {
	t.Parallel()
	for setting, check := range map[string]func(config.Snapshot) bool{
		"SNAPSHOT_INSTANCE_TYPES=none": func(s config.Snapshot) bool {
			return !s.InstanceTypes.Auto && s.InstanceTypes.List == nil
		},
		"SNAPSHOT_INSTANCE_TYPES=Auto": func(s config.Snapshot) bool { return s.InstanceTypes.Auto },
		"SNAPSHOT_CLUSTERS=*":          func(s config.Snapshot) bool { return s.Clusters == nil },
		"SNAPSHOT_QPS=":                func(s config.Snapshot) bool { return s.QPS == 10 },
		"SNAPSHOT_RETENTION=400d": func(s config.Snapshot) bool {
			return s.Retention == config.Retention{Days: 400}
		},
		"OSS_ENDPOINT=http://[::1]:80": func(s config.Snapshot) bool { return s.OSS.Endpoint == "http://[::1]:80" },
	} {
		s, err := config.SnapshotFrom(with(setting))
		if err != nil || !check(s) {
			t.Errorf("%s: %+v, %v", setting, s, err)
		}
	}
}

func TestRetentionCountsCalendarMonths(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)
	if got := (config.Retention{Months: 13}).Before(now); !got.Equal(time.Date(2025, 2, 15, 0, 0, 0, 0, time.UTC)) {
		t.Error(got)
	}
	for day, want := range map[time.Time]time.Time{
		time.Date(2026, 12, 31, 1, 0, 0, 0, time.UTC): time.Date(2026, 11, 30, 1, 0, 0, 0, time.UTC),
		time.Date(2027, 3, 29, 1, 0, 0, 0, time.UTC):  time.Date(2027, 2, 28, 1, 0, 0, 0, time.UTC),
		time.Date(2026, 12, 30, 1, 0, 0, 0, time.UTC): time.Date(2026, 11, 30, 1, 0, 0, 0, time.UTC),
	} {
		if got := (config.Retention{Months: 1}).Before(day); !got.Equal(want) {
			t.Errorf("a month before %s is %s, want %s", day, got, want)
		}
	}
}

// Each row is one faulty setting and what its report must say.
func TestFaultsNameSettingValueReasonAndWhatIsAllowed(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ setting, says string }{
		{"OSS_ENDPOINT=ftp://host", `OSS_ENDPOINT="ftp://host": has neither http nor https`},
		{"OSS_ENDPOINT=https://host/bucket", "more than a scheme, a host and a port"},
		{"OSS_ENDPOINT=https://host:99999", "no valid host and port"},
		{"OSS_ENDPOINT=https://", "no valid host and port"},
		{"OSS_ENDPOINT=https://oss-{region}.aliyuncs.com", "only EHPC_ENDPOINT may"},
		{"OSS_REGION=CN_Beijing", `OSS_REGION="CN_Beijing": is not a region id; allowed: a region id such as cn-hangzhou`},
		{"OSS_BUCKET=Bad_Bucket",
			`OSS_BUCKET="Bad_Bucket": is not a bucket name; allowed: the name of an OSS bucket: 3 to 63`},
		{"OSS_PREFIX=a/../b", `OSS_PREFIX="a/../b": is not an object key prefix`},
		{"EHPC_REGIONS=cn-hangzhou,,cn-beijing", "has an empty element"},
		{"EHPC_REGIONS=CN_HANGZHOU",
			`EHPC_REGIONS="CN_HANGZHOU": is not a region id; allowed: a region id such as cn-hangzhou`},
		{"EHPC_REGIONS=cn.attacker.example/x", "is not a region id"},
		{"EHPC_ENDPOINT=127.0.0.1:1?x=1", "more than a scheme, a host and a port"},
		{"SNAPSHOT_CLUSTERS=ehpc-1,../../x",
			`SNAPSHOT_CLUSTERS="../../x": is not a cluster id; allowed: * for every cluster`},
		{"SNAPSHOT_CLUSTERS=_any", "is not a cluster id"},
		{"SNAPSHOT_UNSCOPED=maybe", `"maybe": must be true or false`},
		{"SNAPSHOT_INSTANCE_TYPES=auto,ecs.c7.large", "mixes auto with instance types"},
		{"SNAPSHOT_QPS=0", "allowed: 0.01 to 1000000"},
		{"SNAPSHOT_QPS=NaN", "is not a number in its range"},
		{"SNAPSHOT_CONCURRENCY=many", "allowed: 1 to 1000"},
		{"SNAPSHOT_SHRINK_GUARD=101", "allowed: 0 to 100"},
		{"SNAPSHOT_RETENTION=0mo", "31d or 1mo and longer, written like 13mo, 2y or 400d"},
		{"SNAPSHOT_RETENTION=13", "is not a retention"},
		{"SNAPSHOT_RETENTION=mo", "is not a retention"},
		{"LOG_LEVEL=loud", "allowed: debug, info, warn, error"},
		{"LOG_LEVEL=fatal", "is not a log level"},
		{"QUERY_MAX_STALE=soon", "allowed: 1s to 8784h, written like"},
		{"QUERY_HEAD_TTL=-1s", "allowed: 0s to 24h"},
		{"QUERY_REDACT=Uid,ImageId",
			`QUERY_REDACT="ImageId": is not one of the values; allowed: a comma list of PostInstallScript, Uid`},
		{"QUERY_GZIP=gzip", "must be true or false"},
		{"FC_REGION=../x", `FC_REGION="../x": is not a region id`},
		{"EHPC_REGION=cn-beijing", "EHPC_REGION: is not a setting; did you mean EHPC_REGIONS?"},
		{"OSS_BUKCET=b", "did you mean OSS_BUCKET?"},
		{"query_head_ttl=1s", "did you mean QUERY_HEAD_TTL?"},
	} {
		_, snapshot := config.SnapshotFrom(with(row.setting))
		_, query := config.QueryFrom(with(row.setting))
		if text := fmt.Sprint(snapshot, query); !strings.Contains(text, row.says) {
			t.Errorf("%s\nsays %s\nwant %s", row.setting, text, row.says)
		}
	}
}

func TestAllFaultsAreReportedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := config.SnapshotFrom([]string{"SNAPSHOT_QPS=x", "LOG_LEVEL=x", "OSS_PREFX=y"})
	for _, name := range []string{"OSS_ENDPOINT", "OSS_BUCKET", "EHPC_REGIONS", "SNAPSHOT_QPS", "LOG_LEVEL",
		"OSS_PREFX"} {
		if !strings.Contains(err.Error(), name+":") && !strings.Contains(err.Error(), name+"=") {
			t.Errorf("%s is missing in\n%v", name, err)
		}
	}
	if n := strings.Count(err.Error(), "\n") + 1; n != 6 {
		t.Errorf("%d lines for 6 faults:\n%v", n, err)
	}
	var fault *config.Error
	if !errors.As(err, &fault) || fault.Setting == "" {
		t.Errorf("no *Error in %v", err)
	}
}

const (
	someHash   = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	someSecret = "hunter2-p1A9x-Qw7Zr3Tn5Vb2"
)

func TestWhoMayAsk(t *testing.T) {
	t.Parallel()
	got, err := config.QueryFrom(with(
		`QUERY_TOKENS=[{"name":"ci","sha256":"`+someHash+`","regions":["cn-hangzhou"],"clusters":["ehpc-1","_any"]}]`,
		`QUERY_ACCESS_KEYS= [{"name":"cli","id":"CIAK-0001","secret":"`+someSecret+`"}] `))
	if err != nil {
		t.Fatal(err)
	}
	if g := got.Tokens[0].Grant; len(got.Tokens) != 1 || g.Name != "ci" || !g.CoversRegion("cn-hangzhou") ||
		g.CoversRegion("cn-beijing") || !g.CoversCluster("") || g.CoversCluster("ehpc-2") {
		t.Errorf("%+v", got.Tokens)
	}
	if secret, ok := got.Keys.Secret("CIAK-0001"); !ok || secret != someSecret {
		t.Errorf("%+v", got.Keys)
	}
	coded, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprintf("%v %+v %#v %s", got, got, got, coded); strings.Contains(text, someSecret) {
		t.Errorf("the settings print a secret: %s", text)
	}
	for _, name := range []string{"QUERY_TOKENS", "QUERY_ACCESS_KEYS"} {
		if q, err := config.QueryFrom(with(name + "= ")); err != nil || q.Tokens != nil || q.Keys != nil {
			t.Errorf("an empty %s: %v", name, err)
		}
		if _, err := config.SnapshotFrom(with(name + "=x")); err != nil {
			t.Errorf("the snapshot function reads %s: %v", name, err)
		}
	}
}

func TestFaultsOfWhoMayAskShowNoValue(t *testing.T) {
	t.Parallel()
	_, err := config.QueryFrom(with("QUERY_HEAD_TTL=never",
		`QUERY_TOKENS=[{"name":"hunter2/x","sha256":"hunter2"},{"hunter2":1,"clusters":["hunter2/"]}]`,
		`QUERY_ACCESS_KEYS=[{"name":"cli","id":"hunter2-key","secret":"hunter2"}]`))
	want := []string{
		`QUERY_HEAD_TTL="never": is not a duration`,
		"QUERY_TOKENS: entry 1: name is not", "QUERY_TOKENS: entry 1: sha256 is not 64",
		"QUERY_TOKENS: entry 2: has a member that is not known", "QUERY_TOKENS: entry 2: name is missing",
		"QUERY_TOKENS: entry 2: sha256 is missing", "QUERY_TOKENS: entry 2: clusters: element 1 is not",
		"QUERY_ACCESS_KEYS: entry 1: secret is weak",
	}
	for _, part := range want {
		if !strings.Contains(fmt.Sprint(err), part) {
			t.Errorf("%q is missing in\n%v", part, err)
		}
	}
	if n := strings.Count(fmt.Sprint(err), "\n") + 1; n != len(want) {
		t.Errorf("%d lines for %d faults:\n%v", n, len(want), err)
	}
	for _, broken := range []string{"hunter2", `["hunter2"`, `{"hunter2":["hunter2"]}`, `[] hunter2`} {
		for _, name := range []string{"QUERY_TOKENS", "QUERY_ACCESS_KEYS"} {
			q, again := config.QueryFrom(with(name + "=" + broken))
			if again == nil || q.Tokens != nil || q.Keys != nil {
				t.Errorf("%s=%s is accepted", name, broken)
			}
			err = errors.Join(err, again)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a fault shows a value:\n%v", err)
	}
}

func TestForeignNamesAreNotOurs(t *testing.T) {
	t.Parallel()
	if _, err := config.SnapshotFrom(with("OSS_ACCESS_KEY_ID=x", "OSS_SESSION_TOKEN=y", "QUERY_STRING=z",
		"SNAPSHOT_DATE=1",
		"QUERY_MAX_STALE=bad")); err != nil {
		t.Error(err)
	}
}

func TestSecretsAreNeverShown(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t-s3cr3t"
	for _, row := range [][]string{
		{"ALIBABA_CLOUD_ACCESS_KEY_SECRET=" + secret},
		{"ALIBABA_CLOUD_ACCESS_KEY_ID=" + secret},
		{"ALIBABA_CLOUD_SECURITY_TOKEN=" + secret},
		{"OSS_ENDPOINT=https://me:" + secret + "@host"},
		{"OSS_ENDPOINT=https://me:" + secret + "@ho\x7fst"},
	} {
		_, err := config.SnapshotFrom(with(row...))
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", row, err)
		}
	}
	c := cloud.Credentials{AccessKeyID: secret, AccessKeySecret: secret, SecurityToken: secret}
	coded, err := json.Marshal(struct{ C cloud.Credentials }{c})
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprintf("%v %+v %#v %s %s", c, c, c, c, coded); strings.Contains(text, secret) {
		t.Errorf("credentials are printed: %s", text)
	}
}

func TestOSSRegionCountsBeforeTheRegionOfTheFunction(t *testing.T) {
	t.Parallel()
	for setting, want := range map[string]string{"OSS_REGION=cn-beijing": "cn-beijing", "OSS_REGION=": "cn-hangzhou"} {
		snapshot, err := config.SnapshotFrom(with(setting))
		if err != nil || snapshot.OSS.Region != want {
			t.Errorf("%s: region %q, %v, want %s", setting, snapshot.OSS.Region, err, want)
		}
	}
}
