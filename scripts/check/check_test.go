package main

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/txtar"

	"community-images/scripts/check/rosmodel"
	"community-images/scripts/check/rostemplate"
)

const theTemplate = "../../template.yaml"

func readTemplate(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(theTemplate)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// parsedTemplate returns the template, which the tests must not change.
var parsedTemplate = sync.OnceValues(func() (*rostemplate.Template, error) {
	data, err := os.ReadFile(theTemplate)
	if err != nil {
		return nil, err
	}
	return rostemplate.Parse(data)
})

var models = sync.OnceValues(func() (rosmodel.Catalog, error) { return rosmodel.ParseText(extract) })

func check(t *testing.T, text string) []string {
	t.Helper()
	template, err := rostemplate.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return checkParsed(t, template)
}

func checkParsed(t *testing.T, template *rostemplate.Template) []string {
	t.Helper()
	catalog, err := models()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, p := range rostemplate.Check(template, catalog) {
		lines = append(lines, p.String())
	}
	return lines
}

// TestBrokenTemplates breaks template.yaml in one place each. The place, the
// problem and the near miss must be in the only line that is reported.
func TestBrokenTemplates(t *testing.T) {
	t.Parallel()
	whole := readTemplate(t)
	for _, b := range []struct{ name, old, new, want string }{
		{"a property", "MemorySize: {Ref: SnapshotMemory}", "MemorySizes: {Ref: SnapshotMemory}",
			"SnapshotFunction (ALIYUN::FC3::Function): property MemorySizes does not exist; did you mean MemorySize?"},
		{"a nested property", "OssObjectName: {Ref: QueryCode}", "OssObject: {Ref: QueryCode}",
			"QueryFunction (ALIYUN::FC3::Function): property Code.OssObject does not exist; did you mean OssObjectName?"},
		{"a property in a list", "            Status: Enabled", "            State: Enabled",
			"Bucket (ALIYUN::OSS::Bucket): property LifecycleConfiguration.Rule[0].State does not exist; did you " +
				"mean Status?"},
		{"a property in a branch", "CertName: {Ref: CertificateName}",
			"Name: {Ref: CertificateName}\n            CertName: {Ref: CertificateName}",
			"QueryDomain (ALIYUN::FC3::CustomDomain): property CertConfig.Name does not exist; did you mean CertName?"},
		{"a required property", "      Handler: query\n", "",
			"QueryFunction (ALIYUN::FC3::Function): property Handler is required"},
		{"a nested required property", "            Prefix: ''\n", "",
			"Bucket (ALIYUN::OSS::Bucket): property LifecycleConfiguration.Rule[0].Prefix is required"},
		{"a property that is a word short", "      AccessControl: private",
			"      ServerSideEncryption: AES256\n      AccessControl: private",
			"property ServerSideEncryption does not exist; did you mean ServerSideEncryptionConfiguration?"},
		{"a value that is not allowed", "SSEAlgorithm: AES256", "SSEAlgorithm: AES128",
			`Bucket (ALIYUN::OSS::Bucket): property ServerSideEncryptionConfiguration.SSEAlgorithm ` +
				`may not be "AES128", but KMS, AES256, SM4`},
		{"a default that is not allowed", "    Default: HTTPS\n    AllowedValues: [HTTPS, 'HTTP,HTTPS', HTTP]",
			"    Default: HTTPS\n    AllowedValues: [HTTPS, 'HTTP,HTTPS', HTTP2]",
			`QueryDomain (ALIYUN::FC3::CustomDomain): property Protocol may not be "HTTP2"`},
		{"a number out of its range", "MaxAsyncRetryAttempts: 1", "MaxAsyncRetryAttempts: 9",
			"SnapshotAsync (ALIYUN::FC3::AsyncInvokeConfig): property MaxAsyncRetryAttempts is 9; at most 8"},
		{"a default out of the property's range", "    Default: 600\n", "    Default: 86401\n",
			"parameter SnapshotTimeout: 86401 is beyond MaxValue"},
		{"a text for a number", "DiskSize: 512\n      # A lookup", "DiskSize: '512'\n      # A lookup",
			"QueryFunction (ALIYUN::FC3::Function): property DiskSize is a number"},
		{"a number for a text", "SNAPSHOT_QPS: {'Fn::Str': {Ref: Qps}}", "SNAPSHOT_QPS: {Ref: Qps}",
			"SnapshotFunction (ALIYUN::FC3::Function): property EnvironmentVariables.SNAPSHOT_QPS is a string; this " +
				"is a number"},
		{"a number in a text", "['-', {'Fn::Str': {Ref: AlarmAfterMinutes}}, m]", "['-', {Ref: AlarmAfterMinutes}, m]",
			"property Fn::Join is a string; this is a number"},
		{"one text for a list", "ContactGroups: [{Ref: AlarmContactGroup}]\n      Period: 60\n      Interval: 60\n  " +
			"    SilenceTime: 3600\n      NoDataPolicy: OK\n      Escalations:\n        # A run",
			"ContactGroups: {Ref: AlarmContactGroup}\n      Period: 60\n      Interval: 60\n      SilenceTime: " +
				"3600\n      NoDataPolicy: OK\n      Escalations:\n        # A run", "SnapshotErrorAlarm " +
				"(ALIYUN::CMS::ResourceMetricRule): property ContactGroups is a list; this is a string"},
		{"a name against its pattern", "LogstoreName: functions", "LogstoreName: functions!",
			`LogStore (ALIYUN::SLS::Logstore): property LogstoreName: "functions!" does not match ^[a-zA-Z0-9_-]+$`},
		{"a type", "Type: ALIYUN::FC3::AsyncInvokeConfig", "Type: ALIYUN::FC3::AsyncConfig",
			"SnapshotAsync (ALIYUN::FC3::AsyncConfig): there is no model of this type; did you mean " +
				"ALIYUN::FC3::AsyncInvokeConfig?"},
		{"a timer's configuration", "cronExpression: {Ref: Schedule}", "CronExpression: {Ref: Schedule}",
			"SnapshotTimer (ALIYUN::FC3::Trigger): property TriggerConfig.CronExpression does not exist; did you " +
				"mean cronExpression?"},
		{"an event trigger's configuration", "eventSourceType: Default", "sourceType: Default",
			"SnapshotEvents (ALIYUN::FC3::Trigger): property TriggerConfig.eventSourceConfig.sourceType does not " +
				"exist; did you mean eventSourceType?"},
		{"a text for methods", "methods: [GET, HEAD, POST]", "methods: GET",
			"QueryHttp (ALIYUN::FC3::Trigger): property TriggerConfig.methods is a list"},
		{"a trigger's type", "TriggerType: timer", "TriggerType: cron",
			"SnapshotTimer (ALIYUN::FC3::Trigger): there is no model of a trigger of this type"},
		{"an attribute", "{'Fn::GetAtt': [QueryHttp, UrlInternet]}\n  InternalUrl",
			"{'Fn::GetAtt': [QueryHttp, Url]}\n  InternalUrl",
			"output Url: Fn::GetAtt: QueryHttp (ALIYUN::FC3::Trigger) has no attribute Url"},
		{"an attribute in other letters", "Role: {'Fn::GetAtt': [QueryRole, Arn]}",
			"Role: {'Fn::GetAtt': [QueryRole, ARN]}", "QueryFunction (ALIYUN::FC3::Function): Fn::GetAtt: QueryRole " +
				"(ALIYUN::RAM::Role) has no attribute ARN; did you mean Arn?"},
		{"a resource of an attribute", "Role: {'Fn::GetAtt': [QueryRole, Arn]}",
			"Role: {'Fn::GetAtt': [QueryRoles, Arn]}",
			`QueryFunction (ALIYUN::FC3::Function): Fn::GetAtt: resource "QueryRoles" does not exist; did you mean QueryRole?`},
		{"a reference", "TTL: {Ref: LogDays}", "TTL: {Ref: LogDay}",
			`LogStore (ALIYUN::SLS::Logstore): Ref: there is no parameter or resource "LogDay"; did you mean LogDays?`},
		{"a pseudo parameter", "Region: {Ref: 'ALIYUN::Region'}", "Region: {Ref: 'ALIYUN::RegionId'}",
			`NoRunAlarm (ALIYUN::SLS::Alert): Ref: there is no parameter or resource "ALIYUN::RegionId"; ` +
				`did you mean ALIYUN::Region?`},
		{"a function", "{'Fn::Str': {Ref: ShrinkGuard}}", "{'Fn::String': {Ref: ShrinkGuard}}",
			"SnapshotFunction (ALIYUN::FC3::Function): function Fn::String does not exist; did you mean Fn::Str?"},
		{"a function in a policy", "- Fn::Join: ['', [{Ref: Prefix}, '/v1/*']]", "- Fx::Join: ['', [{Ref: Prefix}, '/v1/*']]",
			"SnapshotRole (ALIYUN::RAM::Role): function Fx::Join does not exist; did you mean Fn::Join?"},
		{"a condition of a resource", "    Condition: LimitsQuery", "    Condition: LimitQuery",
			`QueryConcurrency (ALIYUN::FC3::ConcurrencyConfig): condition "LimitQuery" does not exist; ` +
				`did you mean LimitsQuery?`},
		{"a condition of a branch", "Fn::If: [HidesDefaultUrl, true, false]", "Fn::If: [HideDefaultUrl, true, false]",
			`QueryHttp (ALIYUN::FC3::Trigger): condition "HideDefaultUrl" does not exist; did you mean HidesDefaultUrl?`},
		{"a dependency", "DependsOn: [QueryHttp]", "DependsOn: [QueryHTTP2]",
			`QueryDomain (ALIYUN::FC3::CustomDomain): DependsOn: resource "QueryHTTP2" does not exist; did you mean QueryHttp?`},
		{"resources that wait for each other", "  LogProject:\n    Type: ALIYUN::SLS::Project\n",
			"  LogProject:\n    Type: ALIYUN::SLS::Project\n    DependsOn: LogStore\n",
			"LogProject: waits for itself: LogProject -> LogStore -> LogProject"},
		{"an output of what may not exist", "    Condition: HasDomain\n    Value", "    Value",
			"output Domain: resource QueryDomain exists only if HasDomain; nothing says so here"},
		{"a parameter that nothing uses", "Parameters:\n  CodeBucket:",
			"Parameters:\n  Spare:\n    Type: String\n  CodeBucket:", "parameter Spare: nothing refers to it"},
		{"a condition that nothing uses", "Conditions:\n", "Conditions:\n  Spare:\n    Fn::Equals: [a, b]\n",
			"condition Spare: nothing refers to it"},
		{"a parameter in no group", "[CodeBucket, SnapshotCode, QueryCode]", "[CodeBucket, SnapshotCode]",
			`metadata: parameter "QueryCode" is in no group`},
		{"a group of nothing", "[MaxStale, HeadTtl, Gzip]", "[MaxStale, HeadTtl, Gzip, Gunzip]",
			`metadata: parameter "Gunzip" does not exist; did you mean Gzip?`},
		{"a parameter's type", "    Type: Number\n    Label: {en: Days of logs}",
			"    Type: Int\n    Label: {en: Days of logs}", `parameter LogDays: type "Int" does not exist`},
		{"a parameter's key", "    NoEcho: true\n    MaxLength: 3072", "    NoEchos: true\n    MaxLength: 3072",
			"parameter QueryTokens: NoEchos does not exist; did you mean NoEcho?"},
		{"a default against its pattern", "    Default: 13mo", "    Default: 13 months",
			`parameter Retention: "13 months" does not match AllowedPattern`},
		{"an assertion without a check",
			"      - Assert:\n          Fn::Not: [{'Fn::Equals': [{Ref: HttpAuthConfig}, '']}]\n        AssertD",
			"      - AssertD", "rule JwtNeedsItsConfiguration: Assert is required"},
		{"a rule that is no condition", "    RuleCondition:\n      Fn::Equals: [{Ref: HttpAuth}, jwt]",
			"    RuleCondition:\n      Ref: HttpAuth", "rule JwtNeedsItsConfiguration: this is not a condition"},
		{"a section", "\nMetadata:\n", "\nMetadat:\n",
			`template: section "Metadat" does not exist; did you mean Metadata?`},
		{"a key that is there twice",
			"      FunctionName: {'Fn::GetAtt': [QueryFunction, FunctionName]}\n      TriggerName: http",
			"      TriggerName: http\n      TriggerName: http\n      FunctionName: {'Fn::GetAtt': [QueryFunction, " +
				"FunctionName]}", `template: key "TriggerName" is there twice`},
		{"a short tag", "    Value: {Ref: BucketName}", "    Value: !Ref BucketName",
			"template: tag !Ref: write the function as Fn::…"},
	} {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			if strings.Count(whole, b.old) == 0 {
				t.Fatalf("template.yaml has no %q", b.old)
			}
			lines := check(t, strings.Replace(whole, b.old, b.new, 1))
			if len(lines) == 0 || !strings.Contains(strings.Join(lines, "\n"), b.want) {
				t.Errorf("reports\n%s\nwant\n%s", strings.Join(lines, "\n"), b.want)
			}
			if len(lines) > 3 {
				t.Errorf("one mistake is reported %d times:\n%s", len(lines), strings.Join(lines, "\n"))
			}
		})
	}
}

// TestUnsupportedPatternIsReported: JavaScript's patterns can say more than
// Go's. One that cannot be checked is a problem where it is used.
func TestUnsupportedPatternIsReported(t *testing.T) {
	t.Parallel()
	website := `      WebsiteConfigurationV2:
        RoutingRules:
          - RuleNumber: 1
            Condition: {KeyPrefixEquals: x}
            Redirect:
              RedirectType: Mirror
              MirrorHeaders:
                Sets: [{Key: name, Value: x}]
`
	lines := check(t, strings.Replace(readTemplate(t), "      AccessControl: private\n",
		"      AccessControl: private\n"+website, 1))
	if len(lines) != 1 || !strings.Contains(lines[0],
		"MirrorHeaders.Sets[0].Key: its pattern ^[-a-zA-Z0-9]{1,1024}$ cannot be checked here") {
		t.Errorf("reports %q", lines)
	}
}

func TestTemplateHasNoProblems(t *testing.T) {
	t.Parallel()
	if lines := check(t, readTemplate(t)); len(lines) > 0 {
		t.Error(strings.Join(lines, "\n"))
	}
}

// install writes packages of a zoo as npm would.
func install(t *testing.T) (dir string) {
	t.Helper()
	packages, err := txtar.ParseFile("rosmodel/testdata/packages.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for _, f := range packages.Files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestRun(t *testing.T) {
	t.Parallel()
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	if err := os.WriteFile(broken, []byte(strings.Replace(readTemplate(t), "Handler: query", "Handle: query", 1)),
		0o600); err != nil {
		t.Fatal(err)
	}
	for _, r := range []struct {
		name   string
		args   []string
		code   int
		out    string
		faults string
	}{
		{"a template that fits", []string{"-template", theTemplate}, 0, "fits the models of its 15 types", ""},
		{"a broken one", []string{"-template", broken}, 1, "property Handle does not exist; did you mean Handler?",
			"has 2 problems"},
		{"none", []string{"-template", "nowhere.yaml"}, 1, "", "reading the template"},
		{"no packages", []string{"-template", theTemplate, "-models", t.TempDir()}, 1, "",
			"no package @alicloud/ros-cdk-*"},
		{"packages of which the extract is none", []string{"-template", theTemplate, "-models", install(t)}, 1, "",
			"models.ndjson differs from the packages in"},
		{"an extract of nothing", []string{"-template", theTemplate, "-write"}, 2, "", "-write needs -models"},
		{"a flag that does not exist", []string{"-modles", "x"}, 2, "", "flag provided but not defined"},
		{"an argument", []string{"-template", theTemplate, "other.yaml"}, 2, "", `unexpected argument "other.yaml"`},
		{"help", []string{"-h"}, 0, "", "Usage: go run ./scripts/check"},
	} {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			var out, faults strings.Builder
			code := run(r.args, &out, &faults)
			if code != r.code || !strings.Contains(out.String(), r.out) || r.out == "" && out.Len() > 0 ||
				!strings.Contains(faults.String(), r.faults) || r.faults == "" && faults.Len() > 0 {
				t.Errorf("%d, prints %q and %q", code, out.String(), faults.String())
			}
		})
	}
}
