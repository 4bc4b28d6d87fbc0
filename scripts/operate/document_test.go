package operate_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"community-images/shared/access"
	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/metrics"
	"community-images/shared/query"
	"community-images/shared/query/render"
	"community-images/shared/query/status"
)

var update = flag.Bool("update", false, "write the cost table of README.md anew")

const top = "../../"

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// document is the operating document, with its code blocks apart.
type document struct {
	whole  string
	prose  string   // without code blocks
	blocks []string // code blocks, each with its language in the first line
}

var fence = regexp.MustCompile("(?s)```(.*?)```")

func readDocument(t *testing.T) document {
	t.Helper()
	d := document{whole: read(t, "README.md")}
	for _, m := range fence.FindAllStringSubmatch(d.whole, -1) {
		d.blocks = append(d.blocks, m[1])
	}
	d.prose = fence.ReplaceAllString(d.whole, "")
	return d
}

// section is the text from a heading to the next of its level.
func (d document) section(t *testing.T, heading string) string {
	t.Helper()
	_, rest, ok := strings.Cut(d.whole, "\n"+heading+"\n")
	if !ok {
		t.Fatalf("there is no %q", heading)
	}
	level, _, _ := strings.Cut(heading, " ")
	text, _, _ := strings.Cut(rest, "\n"+level+" ")
	return text
}

// firstCells are the first cells of the tables in a text, unquoted.
func firstCells(text string) (cells []string) {
	for line := range strings.Lines(text) {
		if cell, _, ok := strings.Cut(strings.TrimPrefix(line, "| "), " |"); ok && strings.HasPrefix(line, "| ") &&
			!strings.HasPrefix(line, "| ---") {
			cells = append(cells, strings.Trim(cell, "`"))
		}
	}
	return cells[min(1, len(cells)):] // without the heading
}

// template is the part of template.yaml that the document speaks of.
type template struct {
	Parameters map[string]any `yaml:"Parameters"`
	Outputs    map[string]any `yaml:"Outputs"`
	Resources  map[string]struct {
		Type       string    `yaml:"Type"`
		Properties yaml.Node `yaml:"Properties"`
	} `yaml:"Resources"`
}

func readTemplate(t *testing.T) template {
	t.Helper()
	var tpl template
	if err := yaml.Unmarshal([]byte(read(t, top+"template.yaml")), &tpl); err != nil {
		t.Fatal(err)
	}
	return tpl
}

// indexed are the members of "message" that the log store knows, by type.
func (tpl template) indexed(t *testing.T) map[string]string {
	t.Helper()
	var index struct {
		KeyIndices []struct {
			Name           string `yaml:"Name"`
			JSONKeyIndices []struct {
				Name string `yaml:"Name"`
				Type string `yaml:"Type"`
			} `yaml:"JsonKeyIndices"`
		} `yaml:"KeyIndices"`
	}
	properties := tpl.Resources["LogIndex"].Properties
	if err := properties.Decode(&index); err != nil {
		t.Fatal(err)
	}
	types := map[string]string{}
	for _, key := range index.KeyIndices {
		for _, member := range key.JSONKeyIndices {
			types[member.Name] = member.Type
		}
	}
	if len(types) < 20 {
		t.Fatalf("the index is %+v", index)
	}
	return types
}

// alarmQueries are the queries of the template's alarms of SLS, as they stand there.
func alarmQueries(t *testing.T) []string {
	t.Helper()
	queries := regexp.MustCompile(`(?s)\n +- - 'functionName: .*?\n +TimeSpanType`).FindAllString(
		read(t, top+"template.yaml"), -1)
	if len(queries) != 2 {
		t.Fatalf("the template has the queries %q", queries)
	}
	return queries
}

func TestQueriesUseExistingFields(t *testing.T) {
	t.Parallel()
	types, messages, queries := readTemplate(t).indexed(t), logged(t), alarmQueries(t)
	for _, block := range readDocument(t).blocks {
		if text, ok := strings.CutPrefix(block, "sql\n"); ok {
			queries = append(queries, text)
		}
	}
	for _, text := range queries {
		for _, m := range regexp.MustCompile(`message\.message: "([^"]*)"`).FindAllStringSubmatch(text, -1) {
			if messages[m[1]] == "" {
				t.Errorf("nothing logs %q, as asked for by %s", m[1], text)
			}
		}
		for _, m := range regexp.MustCompile(`(\w*)\(?(?:DISTINCT )?"message\.(\w+)"`).FindAllStringSubmatch(text, -1) {
			switch kind := types[m[2]]; {
			case kind == "":
				t.Errorf("the log store does not index %q, as asked for by %s", m[2], text)
			case kind != "long" && (m[1] == "sum" || m[1] == "avg" || m[1] == "max"):
				t.Errorf("%s(%q) of a %s in %s", m[1], m[2], kind, text)
			}
		}
	}
	if len(queries) < 10 {
		t.Errorf("there are only %d queries", len(queries))
	}
}

func TestEveryAlarmHasARunbook(t *testing.T) {
	t.Parallel()
	d := readDocument(t)
	alarms := d.section(t, "## Alarms")
	for name, r := range readTemplate(t).Resources {
		if (r.Type == "ALIYUN::SLS::Alert" || r.Type == "ALIYUN::CMS::ResourceMetricRule") &&
			!strings.Contains(alarms, "| `"+name+"`") {
			t.Errorf("the alarm %s of the template is not in the table", name)
		}
	}
	table, runbook, _ := strings.Cut(alarms, "### Runbook")
	names := firstCells(table)
	for _, name := range names {
		if !strings.Contains(runbook, "\n**"+name+".** ") {
			t.Errorf("there is no runbook for %q", name)
		}
	}
	for _, m := range regexp.MustCompile(`- alert: (\S+)\n`).FindAllStringSubmatch(table, -1) {
		if !slices.Contains(names, m[1]) {
			t.Errorf("the rule %q is not in the table", m[1])
		}
	}
	if len(names) != 10 || strings.Count(runbook, "\n**") != len(names) {
		t.Errorf("%d alarms and %d runbooks", len(names), strings.Count(runbook, "\n**"))
	}
}

// TestNamesExist looks up every name that the document quotes: parameters,
// outputs and resources of the template, settings, metrics.
func TestNamesExist(t *testing.T) {
	t.Parallel()
	d, tpl := readDocument(t), readTemplate(t)
	known := map[string]bool{"Authorization": true, "AccessDenied": true, "NoSuchBucket": true, "LogDamaged": true,
		"ListCommunityImages": true, "Name": true, "Value": true, "Candidate": true, "CursorExpired": true,
		"ImageState": true, "ImageId": true, "Lookup": true, "Pin": true, "Reason": true, "Until": true,
		"AliasNotFound": true, "PinnedImageGone": true, "Kind": true, "Secret": true, "Problem": true, "FailingSince": true,
		"RetryAt": true}
	for _, names := range []map[string]any{tpl.Parameters, tpl.Outputs} {
		for name := range names {
			known[name] = true
		}
	}
	for name := range tpl.Resources {
		known[name] = true
	}
	for _, m := range regexp.MustCompile("`([A-Z][a-z]+(?:[A-Z][a-z]*)*)(?:=[^`]*)?`").FindAllStringSubmatch(d.prose,
		-1) {
		if !known[m[1]] && !strings.HasPrefix(m[1], "Aliyun") {
			t.Errorf("there is no parameter, output or resource %q", m[1])
		}
	}
	for _, m := range regexp.MustCompile(`-param(?:-file)? (\w+)=`).FindAllStringSubmatch(d.whole, -1) {
		if _, ok := tpl.Parameters[m[1]]; !ok {
			t.Errorf("the template has no parameter %q", m[1])
		}
	}
	settings := `"ALIBABA_CLOUD_ACCESS_KEY_ID" "ALIBABA_CLOUD_ACCESS_KEY_SECRET" "ALIBABA_CLOUD_SECURITY_TOKEN"` +
		read(t, top+"shared/config/load.go") + read(t, top+"shared/config/settings.go")
	for _, name := range regexp.MustCompile(`\b(?:OSS|EHPC|SNAPSHOT|QUERY|LOG|ALIBABA)_[A-Z_]*[A-Z]\b`).FindAllString(
		d.whole, -1) {
		if !strings.Contains(settings, `"`+name+`"`) {
			t.Errorf("there is no setting %q", name)
		}
	}
	metrics := exposed(t)
	for _, name := range regexp.MustCompile(`community_images_\w+`).FindAllString(d.whole, -1) {
		if !strings.Contains(metrics, "# TYPE "+name+" ") {
			t.Errorf("there is no metric %q", name)
		}
	}
}

// exposed is /metrics of an archive with nothing in it.
func exposed(t *testing.T) string {
	keys, err := archive.NewKeys("p")
	if err != nil {
		t.Fatal(err)
	}
	h := query.New(query.Options{Archive: archive.New(buckettest.NewMemory(t), keys), Regions: []string{"cn-hangzhou"},
		Hooks: query.Hooks{Now: time.Now}})
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	subscriptions := status.SubscriptionMetrics(&render.Notify{Subscriptions: []render.Subscription{{Name: "ops"}}})
	return rec.Body.String() + string(metrics.Prometheus(subscriptions))
}

// TestCommandsExist holds every command of the document against the flags that
// the script defines.
func TestCommandsExist(t *testing.T) {
	t.Parallel()
	flags := map[string]map[string]bool{}
	text := strings.ReplaceAll(readDocument(t).whole, "\\\n", " ")
	for _, m := range regexp.MustCompile("go run \\./(scripts/[a-z/]+)([^\n`#]*)").FindAllStringSubmatch(text, -1) {
		if flags[m[1]] == nil {
			flags[m[1]] = map[string]bool{}
		}
		for _, f := range regexp.MustCompile(` -([a-z-]+)`).FindAllStringSubmatch(m[2], -1) {
			flags[m[1]][f[1]] = true
		}
	}
	if len(flags) < 4 {
		t.Fatalf("the document has only the commands %v", flags)
	}
	for script, used := range flags {
		sources, _ := filepath.Glob(top + strings.TrimSuffix(script, "/") + "/*.go") // the pattern is well formed
		if len(sources) == 0 {
			t.Errorf("there is no %s", script)
		}
		source := ""
		for _, path := range sources {
			source += read(t, path)
		}
		for name := range used {
			defined := regexp.MustCompile(`(?:Var|Func|Bool|String|text)\((?:&[\w.]+, )?"` + name + `", `)
			if name != "h" && !defined.MatchString(source) {
				t.Errorf("%s has no flag -%s", script, name)
			}
		}
	}
}

// TestExamplesCanBeRead reads the JSON and YAML of the document as what it
// is to be given to reads it.
func TestExamplesCanBeRead(t *testing.T) {
	t.Parallel()
	d := readDocument(t)
	kinds := map[string]int{}
	for _, block := range d.blocks {
		language, text, _ := strings.Cut(block, "\n")
		kinds[language]++
		var v any
		switch language {
		case "json":
			if err := json.Unmarshal([]byte(text), &v); err != nil {
				t.Errorf("%v in %s", err, text)
			}
		case "yaml":
			if err := yaml.Unmarshal([]byte(text), &v); err != nil {
				t.Errorf("%v in %s", err, text)
			}
		}
	}
	if kinds["json"] == 0 || kinds["yaml"] == 0 || kinds["sh"] == 0 {
		t.Errorf("the code blocks are %v", kinds)
	}
	list := regexp.MustCompile(`(?m)^\[\{"name".*\]$`).FindString(d.whole)
	tokens, err := access.ParseTokens(list)
	if err != nil || len(tokens) != 1 || len(tokens[0].Grant.Clusters) != 1 {
		t.Errorf("the list of tokens %s: %+v, %v", list, tokens, err)
	}
	events := regexp.MustCompile("`(\\{\"(?:accept|clusters|shard)[^`]*\\})`").FindAllStringSubmatch(d.prose, -1)
	if len(events) < 4 {
		t.Errorf("the document has only the events %q", events)
	}
	for _, event := range events {
		var v map[string]any
		if err := json.Unmarshal([]byte(event[1]), &v); err != nil {
			t.Errorf("the event %s: %v", event[1], err)
		}
	}
}

// TestEveryWordIsDefined looks for abbreviations that are neither in the table
// of words nor known to everybody who got so far.
func TestEveryWordIsDefined(t *testing.T) {
	t.Parallel()
	d := readDocument(t)
	words := strings.Join(firstCells(d.section(t, "## Words")), " , ") +
		" README HTTP HTTPS URL JSON SQL CPU GB MB KB SHA-256 CI API DNS "
	code := regexp.MustCompile("`[^`]*`")
	for _, word := range regexp.MustCompile(`\b[A-Z][A-Z0-9-]*[A-Z0-9]\b`).FindAllString(
		code.ReplaceAllString(d.prose, ""), -1) {
		if !slices.Contains(strings.FieldsFunc(words, func(r rune) bool { return r == ' ' || r == ',' }), word) {
			t.Errorf("%q is not in the table of words", word)
		}
	}
}

// TestCostTable holds the table against what scripts/cost prints.
func TestCostTable(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "run", "community-images/scripts/cost").Output()
	if err != nil {
		t.Fatal(err)
	}
	var table []string
	for line := range strings.Lines(string(out)) {
		table = append(table, strings.TrimRight(line, " \n"))
	}
	d := readDocument(t)
	const mark = "<!-- cost -->\n"
	before, rest, _ := strings.Cut(d.whole, mark)
	_, after, _ := strings.Cut(strings.TrimPrefix(rest, "```\n"), "```\n")
	want := fmt.Sprintf("%s%s```\n%s\n```\n%s", before, mark, strings.Join(table, "\n"), after)
	if *update {
		if err := os.WriteFile("README.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, d.whole); diff != "" {
		t.Errorf("scripts/cost (-) and the document (+) differ; go test ./scripts/operate -run Cost -update\n%s", diff)
	}
}
