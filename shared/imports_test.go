// Package shared_test holds the rules of who may import whom.
package shared_test

import (
	"encoding/json"
	"io"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "community-images"

// allowed lists, for each package of shared, the project packages that it may
// import. Test helper packages (…test) are for tests and scripts only.
var allowed = map[string][]string{
	"access":              {},
	"alias":               {"catalog"},
	"cloud":               {},
	"cloud/rpc":           {"cloud", "neterror"},
	"message":             {},
	"apierror":            {"catalog", "message"},
	"catalog":             {"jsonscan"},
	"jsonscan":            {},
	"jsonschematest":      {},
	"archive":             {"alias", "archive/commitlog", "archive/format", "archive/logfile", "catalog"},
	"archive/buckettest":  {"archive", "archive/format", "catalog"},
	"archive/format":      {"alias", "catalog", "jsonscan"},
	"archive/fsck":        {"archive", "archive/commitlog", "archive/format", "catalog"},
	"archive/commitlog":   {"archive/format", "archive/logfile", "catalog"},
	"archive/logfile":     {"archive/format"},
	"archive/gc":          {"archive", "archive/format", "catalog"},
	"archive/archivetest": {"alias", "archive", "archive/format", "archive/buckettest", "catalog"},
	"ossbucket":           {"cloud", "neterror"},
	"ossbucket/osstest":   {},
	"acsauth":             {},
	"ehpc":                {"catalog", "cloud", "cloud/rpc", "neterror"},
	"ehpc/ehpctest":       {"acsauth", "catalog"},
	"capture":             {"alias", "archive", "archive/format", "catalog", "ehpc"},
	"metrics":             {},
	"neterror":            {},
	"query/querytest": {"access", "archive", "archive/archivetest", "archive/gc", "catalog", "query", "query/field",
		"query/history", "query/imageset", "query/request", "query/signin", "query/state", "replica"},
	"query/metricstest": {},
	"query/openapitest": {},
	"query/sqlitetest":  {},
	"notify": {
		"archive", "archive/format", "catalog", "notify/changes", "notify/message", "notify/receiver", "notify/status",
		"notify/subscription",
	},
	"notify/changes":    {"archive", "archive/format", "catalog", "notify/subscription"},
	"notify/message":    {"catalog", "notify/changes", "notify/subscription"},
	"notify/notifytest": {"archive/archivetest", "catalog", "notify/subscription"},
	"notify/receiver":   {"notify/message", "notify/subscription"},
	"notify/status":     {"catalog"},
	// A filter has the parameters of lookups, so their parser reads it. These packages of query read
	// nothing that is stored. The snapshot function contains them anyway, for the lookups of aliases.
	"notify/subscription": {"alias", "catalog", "message", "query/fault", "query/field", "query/filter", "query/request"},
	"replica":             {"access", "acsauth", "apierror", "archive", "archive/format", "catalog", "jsonscan"},
	"config":              {"access", "catalog", "cloud", "editdistance"},
	"fcrun":               {"apierror", "cloud", "jsonscan"},
	"editdistance":        {},
	"fcrun/fctest":        {"cloud"},
}

// layers are the packages below query, the lowest first. Each may import those before it
// and the packages of layerImports. query itself may import all of them.
var (
	layers = []string{
		"lru", "budget", "field", "fault", "filter", "request", "source", "state", "imageset", "aliases", "history", "hint",
		"etag", "render", "response", "status", "page/language", "page/ui", "page/images", "page/history", "page/fleet",
		"page/aliases", "page", "signin", "lookupmetrics", "openapi", "",
	}
	layerImports = map[string][]string{
		"lru":      {},
		"budget":   {},
		"field":    {"catalog", "jsonscan"},
		"fault":    {"apierror", "editdistance", "message"},
		"filter":   {"message"},
		"request":  {"access", "apierror", "catalog", "message"},
		"source":   {"archive", "archive/format", "catalog"},
		"state":    {"access", "alias", "apierror", "archive", "archive/format", "catalog", "message"},
		"imageset": {"archive/format", "catalog", "jsonscan", "message"},
		"aliases":  {"alias", "apierror", "archive", "catalog", "message"},
		"history":  {"apierror", "archive", "archive/format", "catalog", "message"},
		"hint":     {"access", "message"},
		"etag":     {"apierror", "message"},
		"render":   {"alias", "apierror", "archive/format", "catalog", "jsonscan", "message"},
		"response": {"apierror", "catalog", "message"},
		"status":   {"archive/format", "catalog", "metrics", "notify/status"},
		"page":     {"apierror"},
		"signin":   {"access"},
		"openapi":  {"archive/format", "catalog", "message"},

		"lookupmetrics": {"metrics"},
		"page/language": {"message"},
		"page/ui":       {"access", "apierror", "catalog", "jsonscan", "message"},
		"page/images":   {"apierror", "archive/format", "catalog", "jsonscan", "message"},
		"page/history":  {"apierror", "catalog"},
		"page/fleet":    {"archive/format", "catalog", "message"},
		"page/aliases":  {"apierror", "catalog"},

		"": {"access", "alias", "apierror", "archive", "archive/format", "catalog", "message", "metrics"},
	}
)

// allowedImports returns what a package of shared may import. known is false if there is
// no rule for it.
func allowedImports(within string) (rule []string, known bool) {
	if rule, known = allowed[within]; known {
		return rule, true
	}
	layer := strings.TrimPrefix(strings.TrimPrefix(within, "query"), "/")
	level := slices.Index(layers, layer)
	if level < 0 || path.Join("query", layer) != within {
		return nil, false
	}
	rule = slices.Clone(layerImports[layer])
	for _, below := range layers[:level] {
		rule = append(rule, "query/"+below)
	}
	return rule, true
}

// vendors lists the packages that may see the types of one SDK.
var vendors = map[string][]string{
	"github.com/aliyun/fc-runtime-go-sdk/":   {"shared/fcrun", "functions/"},
	"github.com/aliyun/aliyun-oss-go-sdk/":   {"shared/ossbucket"},
	"github.com/alibabacloud-go/":            {"shared/cloud/rpc", "scripts/deploy/"},
	"github.com/johannesboyne/gofakes3":      {"shared/ossbucket/osstest"},
	"github.com/aliyun/alibaba-cloud-sdk-go": {},
}

type listed struct {
	ImportPath string
	Dir        string
	GoFiles    []string // without tests
	Imports    []string
	Deps       []string
}

func TestImportRules(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, "./...") {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		within, inShared := strings.CutPrefix(name, "shared/")
		rule, known := allowedImports(within)
		if inShared && !known {
			t.Errorf("%s has no import rule: add one", name)
		}
		for _, imported := range p.Imports {
			checkVendor(t, name, imported)
			other, ours := strings.CutPrefix(imported, module+"/")
			switch {
			case within == "catalog" && strings.Contains(strings.Split(imported, "/")[0], "."):
				t.Errorf("%s imports %s; it may import the standard library only", name, imported)
			case !ours:
			case inShared && !strings.HasPrefix(other, "shared/"):
				t.Errorf("%s imports %s; nothing in shared may", name, other)
			case inShared && !slices.Contains(rule, strings.TrimPrefix(other, "shared/")):
				t.Errorf("%s imports %s; it may import %q", name, other, rule)
			case strings.HasSuffix(other, "test") && !inShared && !strings.HasPrefix(name, "scripts/"):
				t.Errorf("%s imports the test helper %s", name, other)
			}
		}
	}
}

func checkVendor(t *testing.T, name, imported string) {
	for sdk, users := range vendors {
		isUser := func(u string) bool { return name == u || strings.HasSuffix(u, "/") && strings.HasPrefix(name, u) }
		if strings.HasPrefix(imported, sdk) && !slices.ContainsFunc(users, isUser) {
			t.Errorf("%s imports %s; only %q may", name, imported, users)
		}
	}
}

func TestQueryDoesNotLinkTheOpenAPIClient(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, "./functions/query") {
		for _, dep := range p.Deps {
			if strings.HasPrefix(dep, "github.com/alibabacloud-go/") ||
				dep == module+"/shared/ehpc" || dep == module+"/shared/capture" {
				t.Errorf("functions/query links %s", dep)
			}
		}
	}
}

func TestTopLevelIsFixed(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("git", "-C", "..", "ls-files", "--full-name", ".").Output()
	if err != nil {
		t.Skip("runs in a git checkout only, as CI does: ", err)
	}
	fixed := []string{"functions", "shared", "scripts", "template.yaml", "go.mod", "go.sum", "README.md"}
	for path := range strings.Lines(string(out)) {
		top := strings.Split(strings.TrimSpace(path), "/")[0]
		if !strings.HasPrefix(top, ".") && !slices.Contains(fixed, top) {
			t.Errorf("%s stands at the top level", top)
		}
	}
}

// list describes the packages that match a pattern, seen from the module root.
func list(t *testing.T, pattern string) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps=false", "-json=ImportPath,Dir,GoFiles,Imports,Deps", pattern)
	cmd.Dir = filepath.Dir(mustAbs(t))
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %s: %v", pattern, err)
	}
	var all []listed
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p listed
		if err := dec.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func mustAbs(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
