package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"community-images/scripts/check/rostemplate"
	"community-images/shared/config"
)

// logFields: the index of the log store names fields that the functions have
// printed, and the alarm waits for a line that they have printed.
func (s *stack) logFields() {
	s.t.Helper()
	printed, said := map[string]bool{}, []string{}
	s.mu.Lock()
	for _, line := range s.lines {
		var fields map[string]any
		if json.Unmarshal([]byte(line), &fields) == nil {
			for name := range fields {
				printed[name] = true
			}
			said = append(said, fmt.Sprintf(`message.message: "%v"`, fields["message"]))
		}
	}
	s.mu.Unlock()
	var index struct {
		KeyIndices []struct {
			Name           string
			JsonKeyIndices []struct{ Name, Type string }
		}
	}
	s.decode("LogIndex", &index)
	fields := index.KeyIndices[0].JsonKeyIndices
	if index.KeyIndices[0].Name != "message" || len(fields) < 10 {
		s.t.Errorf("the index begins with %+v", index.KeyIndices[0])
	}
	for _, f := range fields {
		if !printed[f.Name] {
			s.t.Errorf("no function prints the field %q, which the log is indexed by", f.Name)
		}
	}
	var alarm struct {
		Detail struct {
			Configuration struct{ QueryList []struct{ Query string } }
		}
	}
	s.decode("NoRunAlarm", &alarm)
	query := alarm.Detail.Configuration.QueryList[0].Query
	if !slices.ContainsFunc(said, func(message string) bool { return strings.Contains(query, message) }) {
		s.t.Errorf("no function prints what the alarm asks for: %s", query)
	}
}

// environment is what the template sets for a function, with its defaults.
func environment(t *testing.T, resource string) map[string]string {
	t.Helper()
	template, err := rostemplate.Parse([]byte(readTemplate(t)))
	if err != nil {
		t.Fatal(err)
	}
	resources, err := template.Resolve(rostemplate.Values{
		Parameters: map[string]any{"CodeBucket": "code", "SnapshotCode": "s.zip", "QueryCode": "q.zip", "BucketName": "images"},
		Pseudo:     map[string]string{"ALIYUN::Region": region, "ALIYUN::TenantId": account},
	})
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{}
	for name, value := range resources[resource].Properties["EnvironmentVariables"].(map[string]any) {
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

// TestSettings: the template sets every setting of each function and no
// other, and its defaults are the functions' own.
func TestSettings(t *testing.T) {
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
	for _, name := range []string{"QueryTokens", "QueryAccessKeys", "CertificateKey"} {
		_, after, found := strings.Cut(readTemplate(t), "\n  "+name+":\n")
		lines := strings.Split(after, "\n")
		end := slices.IndexFunc(lines, func(l string) bool { return !strings.HasPrefix(l, "    ") })
		if !found || !slices.Contains(lines[:end], "    NoEcho: true") {
			t.Errorf("%s is shown", name)
		}
	}
}

// TestReadme: its table has every parameter, and no other.
func TestReadme(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "\n## Template\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var told []string
	for line := range strings.Lines(section) {
		if cells := strings.Split(line, "|"); len(cells) > 2 {
			for i, part := range strings.Split(cells[1], "`") {
				if i%2 == 1 {
					told = append(told, part)
				}
			}
		}
	}
	template, err := rostemplate.Parse([]byte(readTemplate(t)))
	if err != nil {
		t.Fatal(err)
	}
	parameters := template.Parameters()
	slices.Sort(told)
	slices.Sort(parameters)
	if diff := cmp.Diff(parameters, told); diff != "" {
		t.Error(diff)
	}
}
