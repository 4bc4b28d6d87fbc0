package operate_test

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"community-images/shared/archive/archivetest"
	"community-images/shared/query/querytest"
)

// rule is a rule for Prometheus.
type rule struct {
	Alert string        `yaml:"alert"`
	Expr  string        `yaml:"expr"`
	For   time.Duration `yaml:"for"`
}

// prometheusFiles returns the rules of the document, and the parameters that its
// scrape configuration sends.
func prometheusFiles(t *testing.T) (rules []rule, params url.Values) {
	t.Helper()
	for _, block := range readDocument(t).blocks {
		text, ok := strings.CutPrefix(block, "yaml\n")
		if !ok {
			continue
		}
		var file struct {
			Groups []struct {
				Rules []rule `yaml:"rules"`
			} `yaml:"groups"`
			ScrapeConfigs []struct {
				Params url.Values `yaml:"params"`
			} `yaml:"scrape_configs"`
		}
		if err := yaml.Unmarshal([]byte(text), &file); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		for _, group := range file.Groups {
			rules = append(rules, group.Rules...)
		}
		for _, scrape := range file.ScrapeConfigs {
			params = scrape.Params
		}
	}
	if len(rules) < 5 || params == nil {
		t.Fatalf("the document has %d rules and a scrape configuration with the parameters %v", len(rules), params)
	}
	return rules, params
}

// comparison is the one form that the rules have: metric{label="value"} > 1.
var comparison = regexp.MustCompile(`^(\w+)(?:\{(\w+="[^"]*")\})? (>|==) (\d+)$`)

// findMatches returns how many samples of a scrape a comparison of a rule selects,
// and how many of them it is true for.
func findMatches(t *testing.T, text, scrape string) (selected, matched int) {
	t.Helper()
	m := comparison.FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("a rule has %q; this test reads only %s", text, comparison)
	}
	limit, _ := strconv.ParseFloat(m[4], 64) // digits, by the pattern
	for line := range strings.Lines(scrape) {
		series, number, _ := strings.Cut(strings.TrimSpace(line), " ")
		name, labels, _ := strings.Cut(strings.TrimSuffix(series, "}"), "{")
		if name != m[1] || m[2] != "" && !slices.Contains(strings.Split(labels, ","), m[2]) {
			continue
		}
		value, err := strconv.ParseFloat(number, 64)
		if err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		selected++
		if m[3] == ">" && value > limit || m[3] == "==" && value == limit {
			matched++
		}
	}
	return selected, matched
}

// TestRulesFire evaluates the rules of the document on /metrics, scraped as the document
// says. Each comparison has a sample to compare, so no name or label is misspelled.
func TestRulesFire(t *testing.T) {
	t.Parallel()
	rules, params := prometheusFiles(t)
	for name, c := range map[string]struct {
		fixture *querytest.Fixture
		want    []string
	}{
		"two scopes failed, and one was last checked 90 minutes ago": {
			querytest.NewSmallRegion(t), []string{"old-data", "scopes-failed"}},
		"a cluster's boot image is offered": {
			newBootingCluster(t, archivetest.CentOS79), nil},
		"a cluster's boot image is gone": {
			newBootingCluster(t, archivetest.CentOS710), []string{"gone-boot-images"}},
	} {
		rec := querytest.Get(c.fixture.Handler(), "/metrics?"+params.Encode())
		if rec.Code != 200 {
			t.Fatalf("%s: %d %s", name, rec.Code, rec.Body)
		}
		var fired []string
		for _, r := range rules {
			for text := range strings.SplitSeq(r.Expr, " or ") {
				selected, matched := findMatches(t, text, rec.Body.String())
				if selected == 0 {
					t.Errorf("%s: %q selects nothing of\n%s", r.Alert, text, rec.Body)
				}
				if matched > 0 {
					fired = append(fired, r.Alert)
				}
			}
		}
		if diff := cmp.Diff(c.want, fired); diff != "" {
			t.Errorf("%s: expected (-) and fired (+) alarms differ\n%s", name, diff)
		}
	}
}

// newBootingCluster returns a region with a cluster that boots from CentOS79. Its first
// list has that image, and its last list has the given one.
func newBootingCluster(t *testing.T, last string) *querytest.Fixture {
	t.Helper()
	f := querytest.New(t)
	for _, image := range []string{archivetest.CentOS79, last} {
		f.CommitRunListing(archivetest.Hangzhou, archivetest.Content{
			"ehpc-a/_any": archivetest.ParseImages(t, archivetest.Windows, image),
		}, `{"Id":"ehpc-a","ImageId":"m-cent79"}`)
		f.Now = f.Now.Add(10 * time.Minute)
	}
	return f
}

// TestTableHasTheRules: each rule's comparisons are in its row of the table of alarms.
func TestTableHasTheRules(t *testing.T) {
	t.Parallel()
	alarms := readDocument(t).section(t, "## Alarms")
	rules, _ := prometheusFiles(t)
	for _, r := range rules {
		quoted := "`" + strings.ReplaceAll(r.Expr, " or ", "`, or `") + "`"
		row := regexp.MustCompile(fmt.Sprintf("(?m)^\\| `%s` \\| %s[^|]*\\| Prometheus \\|$",
			regexp.QuoteMeta(r.Alert), regexp.QuoteMeta(quoted)))
		if !row.MatchString(alarms) {
			t.Errorf("the table has no row of %q with %s", r.Alert, quoted)
		}
	}
}
