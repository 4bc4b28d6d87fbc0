package main

import (
	"fmt"
	"regexp"
	"slices"
	"testing"

	"go.yaml.in/yaml/v3"

	"community-images/shared/config"
)

// TestPatternsAcceptWhatTheFunctionsAccept: what a pattern of the template lets through,
// the functions take; scripts/deploy looks at the rest, but who makes a stack
// without it has the patterns alone.
func TestPatternsAcceptWhatTheFunctionsAccept(t *testing.T) {
	t.Parallel()
	var template struct {
		Parameters map[string]struct {
			AllowedPattern string `yaml:"AllowedPattern"`
		} `yaml:"Parameters"`
	}
	if err := yaml.Unmarshal([]byte(readTemplate(t)), &template); err != nil {
		t.Fatal(err)
	}
	long := func(n int) string { return fmt.Sprintf("%0*d", n, 7) }
	for name, row := range map[string]struct{ good, bad []string }{
		"Retention": {
			good: []string{"13mo", "1mo", "999mo", "1200mo", "1y", "1200y", "31d", "39d", "40d", "99d", "100d", "400d",
				"1200d"},
			bad: []string{"30d", "1d", "9d", "29d", "0mo", "01mo", "1201mo", "1300mo", "9999d", "1201y", "1201d", "13",
				"mo", ""},
		},
		"MaxStale": {
			good: []string{"1h", "90s", "30m", "1h30m", "0h1s", "10m0s", "0h0m05s", "1s"},
			bad:  []string{"0s", "00h", "0h0m0s", "0h00m", "1", "s", "-1s", "1d", ""},
		},
		"HeadTtl": {good: []string{"0s", "5s", "1m", "24h"}, bad: []string{"5", "-1s", ""}},
		"Regions": {
			good: []string{"", "cn-hangzhou", "cn-hangzhou,cn-beijing", "a", "a1,b", long(63)},
			bad:  []string{"-", "-a", "a-", "a,-", "cn-hangzhou,", ",a", "a b", "CN", long(64), "a," + long(64)},
		},
		"Clusters": {
			good: []string{"*", "ehpc-hz-FYUr32hD1k", "ehpc-1,ehpc.2,EHPC_3", long(128)},
			bad:  []string{"_any", "..", ".", "a,_any", "a,..", "..,a", "*,a", "a,", "", long(129)},
		},
		"InstanceTypes": {
			good: []string{"auto", "none", "ecs.c7.large", "ecs.c7.large,ecs.g7-x_y.2xlarge"},
			bad: []string{"auto,ecs.c7.large", "ecs.c7.large,none", "Auto,ecs.c7.large", "_any", "..", "ecs.", ".c7",
				"a,b", "ecs." + long(125), ""},
		},
		"OssEndpoint": {
			good: []string{"", "https://oss-cn-hangzhou.aliyuncs.com", "http://127.0.0.1:9000", "https://h:1",
				"https://h:65535"},
			bad: []string{"https://a:b", "https://a:", "https://a:0", "https://a:123456", "https://a/b", "https://",
				"ftp://a", "https://oss-{region}.aliyuncs.com", "https://:80"},
		},
		"OssRegion": {
			good: []string{"", "cn-hangzhou", "a", long(63)},
			bad:  []string{"-", "-a", "a-", "CN", "cn-hangzhou,cn-beijing", "a b", long(64)},
		},
		"EhpcEndpoint": {
			good: []string{"", "https://ehpc-vpc.{region}.aliyuncs.com", "http://127.0.0.1:9000",
				"https://{region}:443"},
			bad: []string{"https://a:b", "https://{a}", "https://a{", "https://a}", "https://{region", "https://"},
		},
	} {
		form, err := regexp.Compile(template.Parameters[name].AllowedPattern)
		if err != nil || form.String() == "" {
			t.Fatalf("%s: %q, %v", name, form, err)
		}
		for _, value := range slices.Concat(row.good, row.bad) {
			lets, fault := form.MatchString(value), refuses(t, name, value)
			if want := slices.Contains(row.good, value); lets != want || lets && fault != nil {
				t.Errorf("%s=%q: the pattern lets it through: %t, want %t; the functions say %v", name, value, lets,
					want, fault)
			}
		}
	}
}

// refuses is what the functions say of a value of a parameter.
func refuses(t *testing.T, parameter, value string) error {
	t.Helper()
	resources := resourcesWith(t, map[string]any{parameter: value})
	for resource, load := range map[string]func(config.Lookup) error{
		"SnapshotFunction": func(l config.Lookup) error { _, err := config.LoadSnapshot(l); return err },
		"QueryFunction":    func(l config.Lookup) error { _, err := config.LoadQuery(l); return err },
	} {
		env := map[string]string{}
		for name, value := range resources[resource].Properties["EnvironmentVariables"].(map[string]any) {
			env[name] = value.(string)
		}
		if err := load(lookup(env, map[string]bool{})); err != nil {
			return err
		}
	}
	return nil
}
