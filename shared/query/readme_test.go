package query_test

import (
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"community-images/shared/query"
)

// readReadme returns the document for callers.
func readReadme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// readmeSection returns the document from a heading on, up to the next main heading.
func readmeSection(t *testing.T, heading string) string {
	t.Helper()
	_, section, ok := strings.Cut(readReadme(t), "\n"+heading+"\n")
	if !ok {
		t.Fatalf("the README has no %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	return section
}

// TestReadmeExamples asks every lookup of the README's examples, and holds that it names every
// route, parameter, field and operator.
func TestReadmeExamples(t *testing.T) {
	t.Parallel()
	examples := readmeSection(t, "### Ten examples")
	w := newFixture(t)
	w.CommitRun(hangzhou, content{"_any/_any": parseImages(t, sampleImage),
		"ehpc-hz-FYUr32hD1k/_any": parseImages(t, sampleImage, windows)})
	w.Now = w.Now.Add(8 * 24 * time.Hour) // the examples ask for a week
	w.CommitRun(hangzhou, content{
		"_any/_any": parseImages(t, sampleImage),
		"ehpc-hz-FYUr32hD1k/_any": parseImages(t, sampleImage, centOS79,
			strings.Replace(centOS710, "hpc-", "gromacs-", 1)), "ehpc-hz-b8LmW0sT5e/_any": parseImages(t, centOS79),
	})
	w.CommitRun(beijing, content{"_any/_any": parseImages(t, sampleImage)})
	h := w.Handler(func(o *query.Options) { o.Regions = []string{hangzhou, beijing} })
	fill := strings.NewReplacer("$H", "", "${var.lookups}", "", "{{ lookups }}", "", "$C", "ehpc-hz-FYUr32hD1k",
		"${var.cluster}", "ehpc-hz-FYUr32hD1k", "{{ cluster }}", "ehpc-hz-FYUr32hD1k")
	targets := regexp.MustCompile(`"((?:\$H|\$\{var\.lookups\}|\{\{ lookups \}\})/[^"]*)"`).FindAllStringSubmatch(
		examples, -1)
	for _, found := range targets {
		target := fill.Replace(found[1])
		rec := get(h, target)
		if rec.Code != 200 || rec.Body.Len() == 0 || strings.Contains(rec.Body.String(), `"TotalCount":0`) {
			t.Errorf("%s gives %d %s", found[1], rec.Code, rec.Body)
		}
		if _, err := url.Parse(target); err != nil {
			t.Errorf("%s: %v", found[1], err)
		}
	}
	if n := strings.Count(examples, "\n1. ") +
		len(regexp.MustCompile(`(?m)^([2-9]|10)\. `).FindAllString(examples, -1)); n != 10 || len(targets) < 10 {
		t.Errorf("there are %d examples with %d lookups", n, len(targets))
	}
	text := readReadme(t)
	for _, name := range documentedNames(t, h) {
		if !strings.Contains(text, name) {
			t.Errorf("the README does not name %s", name)
		}
	}
}
