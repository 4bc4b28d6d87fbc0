package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"community-images/scripts/check/rostemplate"
	"community-images/shared/config"
)

// checkLogIndex: every field that the functions have printed is in the index of
// the log store, and no other; and the alarm asks for a line that they print.
func (s *stack) checkLogIndex() {
	s.t.Helper()
	// of lines that only failures print
	printed, said := map[string]bool{"error": true, "region": true, "version": true, "image": true}, []string{}
	s.mu.Lock()
	for _, line := range s.lines {
		var fields map[string]any
		if json.Unmarshal([]byte(line), &fields) == nil {
			for name := range fields {
				printed[name] = true
			}
			said = append(said, fmt.Sprintf(`message.message: "%v" and message.trigger: %v`, fields["message"],
				fields["trigger"]))
		}
	}
	s.mu.Unlock()
	delete(printed, "time") // the store has its own
	var index struct {
		KeyIndices []struct {
			Name           string
			JsonKeyIndices []struct{ Name, Type string }
		}
	}
	s.decode("LogIndex", &index)
	indexed := map[string]bool{}
	for _, f := range index.KeyIndices[0].JsonKeyIndices {
		indexed[f.Name] = true
	}
	if diff := cmp.Diff(printed, indexed); diff != "" || index.KeyIndices[0].Name != "message" {
		s.t.Errorf("LogIndex of template.yaml (+) does not have just the fields that are printed (-):\n%s", diff)
	}
	var alarm struct {
		Detail struct {
			Configuration struct{ QueryList []struct{ Query string } }
		}
	}
	s.decode("NoRunAlarm", &alarm)
	query := alarm.Detail.Configuration.QueryList[0].Query
	if !slices.ContainsFunc(said, func(line string) bool { return strings.Contains(query, line) }) {
		s.t.Errorf("no function prints what the alarm asks for: %s", query)
	}
}

// resourcesWith returns the template with what has no default, and what is given.
func resourcesWith(t *testing.T, given map[string]any) map[string]rostemplate.Resource {
	t.Helper()
	template, err := parsedTemplate()
	if err != nil {
		t.Fatal(err)
	}
	parameters := map[string]any{"CodeBucket": "code", "SnapshotCode": "s.zip", "QueryCode": "q.zip",
		"BucketName": "images"}
	maps.Copy(parameters, given)
	resources, err := template.Evaluate(rostemplate.Values{
		Parameters: parameters, Pseudo: map[string]string{"ALIYUN::Region": region, "ALIYUN::TenantId": account},
	})
	if err != nil {
		t.Fatal(err)
	}
	return resources
}

// TestOptionalResources: each part comes with its parameter and not without.
func TestOptionalResources(t *testing.T) {
	t.Parallel()
	always := []string{"LogIndex", "LogProject", "LogStore", "QueryFunction", "QueryHttp", "QueryRole", "SnapshotAsync",
		"SnapshotConcurrency", "SnapshotFunction", "SnapshotRole", "SnapshotTimer"}
	for _, row := range []struct {
		parameter string
		value     any
		brings    []string
	}{
		{"Name", "community-images", []string{"Bucket"}},
		{"CreateBucket", "false", nil},
		{"ClusterEvents", "true", []string{"Bucket", "SnapshotEvents"}},
		{"QueryInstances", 5, []string{"Bucket", "QueryConcurrency"}},
		{"DomainName", "images.example.com", []string{"Bucket", "QueryDomain"}},
		{"AlarmActionPolicy", "ops", []string{"Bucket", "BootImageAlarm", "NoRunAlarm"}},
		{"AlarmContactGroup", "ops", []string{"Bucket", "QueryErrorAlarm", "QueryThrottleAlarm", "SnapshotErrorAlarm"}},
	} {
		want := slices.Sorted(slices.Values(slices.Concat(always, row.brings)))
		got := slices.Sorted(maps.Keys(resourcesWith(t, map[string]any{row.parameter: row.value})))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s=%v: %s", row.parameter, row.value, diff)
		}
	}
}

// TestAlarmExpectsEveryRegion: one region that is left out is enough.
func TestAlarmExpectsEveryRegion(t *testing.T) {
	t.Parallel()
	for regions, want := range map[string]string{"": "regions < 1", "cn-a": "regions < 1",
		"cn-a,cn-b,cn-c": "regions < 3"} {
		s := &stack{t: t, resources: resourcesWith(t, map[string]any{"Regions": regions, "AlarmActionPolicy": "ops"})}
		var alarm struct {
			Detail struct {
				Configuration struct {
					SeverityConfigurations []struct{ EvalCondition struct{ Condition string } }
				}
			}
		}
		s.decode("NoRunAlarm", &alarm)
		if got := alarm.Detail.Configuration.SeverityConfigurations[0].EvalCondition.Condition; got != want {
			t.Errorf("%q: the alarm's condition is %q, want %q", regions, got, want)
		}
	}
}

// environment is what the template sets for a function, with its defaults.
func environment(t *testing.T, resource string) map[string]string {
	t.Helper()
	env := map[string]string{}
	for name, value := range resourcesWith(t, nil)[resource].Properties["EnvironmentVariables"].(map[string]any) {
		env[name] = value.(string)
	}
	return env
}

// lookup finds settings in an environment, besides what FC itself sets, and
// notes what is looked for.
func lookup(env map[string]string, asked map[string]bool) config.Lookup {
	return func(name string) (string, bool) {
		if name == "FC_REGION" {
			return region, true
		}
		if !strings.HasPrefix(name, "ALIBABA_CLOUD_") {
			asked[name] = true
		}
		value, set := env[name]
		return value, set
	}
}

// TestTemplateSetsEverySetting: the template sets every setting of each function and no
// other, and its defaults are the functions' own.
func TestTemplateSetsEverySetting(t *testing.T) {
	t.Parallel()
	bare := map[string]string{"OSS_BUCKET": "images"}
	for _, f := range []struct {
		resource string
		load     func(config.Lookup) (any, error)
	}{
		{"SnapshotFunction", func(l config.Lookup) (any, error) { return config.LoadSnapshot(l) }},
		{"QueryFunction", func(l config.Lookup) (any, error) { return config.LoadQuery(l) }},
	} {
		env, asked := environment(t, f.resource), map[string]bool{}
		got, err := f.load(lookup(env, asked))
		if err != nil {
			t.Errorf("%s does not start with the template's defaults: %v", f.resource, err)
		}
		want, err := f.load(lookup(bare, map[string]bool{}))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: the template's defaults are not the function's:\n%s", f.resource, diff)
		}
		for name := range env {
			if !asked[name] {
				t.Errorf("%s never reads %s", f.resource, name)
			}
		}
		for name := range asked {
			if _, set := env[name]; !set {
				t.Errorf("%s: the template does not set %s", f.resource, name)
			}
		}
	}
}

// TestSecretsAreNotEchoed: ROS shows every parameter that is not NoEcho.
func TestSecretsAreNotEchoed(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"QueryTokens", "QueryAccessKeys", "HttpAuthConfig", "CertificateKey"} {
		_, after, found := strings.Cut(readTemplate(t), "\n  "+name+":\n")
		lines := strings.Split(after, "\n")
		end := slices.IndexFunc(lines, func(l string) bool { return !strings.HasPrefix(l, "    ") })
		if !found || !slices.Contains(lines[:end], "    NoEcho: true") {
			t.Errorf("%s is shown", name)
		}
	}
}

// TestREADMEListsEveryParameter: its table has every parameter, and no other.
func TestREADMEListsEveryParameter(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../deploy/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "\n## Template\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var documented []string
	for line := range strings.Lines(section) {
		if cells := strings.Split(line, "|"); len(cells) > 2 {
			for i, part := range strings.Split(cells[1], "`") {
				if i%2 == 1 {
					documented = append(documented, part)
				}
			}
		}
	}
	template, err := parsedTemplate()
	if err != nil {
		t.Fatal(err)
	}
	parameters := template.Parameters()
	slices.Sort(documented)
	slices.Sort(parameters)
	if diff := cmp.Diff(parameters, documented); diff != "" {
		t.Error(diff)
	}
}
