package query_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"community-images/shared/query"
)

var update = flag.Bool("update", false, "rewrite the answers in testdata")

// TestScripts runs testdata/*.txtar on the small region. Each file of an
// archive is a request by name, and by content its answer: status, headers,
// an empty line, the body (JSON indented).
func TestScripts(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal("no scripts:", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			script, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			w := newSmallRegion(t)
			h := w.Handler()
			if strings.Contains(path, "redact") {
				h = w.Handler(func(o *query.Options) { o.Redact = []string{"PostInstallScript", "Uid"} })
			}
			for i, f := range script.Files {
				got := transcript(t, h, f.Name)
				if diff := cmp.Diff(string(f.Data), got); diff != "" && !*update {
					t.Errorf("%s (-want +got):\n%s", f.Name, diff)
				}
				script.Files[i].Data = []byte(got)
			}
			if *update {
				if err := os.WriteFile(path, txtar.Format(script), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// transcript asks "GET /path Header: value" and writes down the answer.
func transcript(t *testing.T, h http.Handler, request string) string {
	t.Helper()
	_, rest, ok := strings.Cut(request, "GET ")
	if !ok {
		t.Fatalf("request %q does not begin with GET", request)
	}
	parts := strings.Split(rest, " | ")
	var header []string
	for _, part := range parts[1:] {
		name, value, _ := strings.Cut(part, ": ")
		header = append(header, name, value)
	}
	rec := get(h, strings.TrimSpace(parts[0]), header...)
	var b strings.Builder
	fmt.Fprintf(&b, "%d\n", rec.Code)
	var names []string
	for name := range rec.Header() {
		if name != "Content-Length" && name != "X-Content-Type-Options" && name != "Vary" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&b, "%s: %s\n", name, rec.Header().Get(name))
	}
	b.WriteString("\n")
	body := rec.Body.Bytes()
	if rec.Header().Get("Content-Type") == "application/json" && len(body) > 0 {
		var indented bytes.Buffer
		if err := json.Indent(&indented, body, "", "  "); err != nil {
			t.Fatalf("%s answers bad JSON: %v\n%s", request, err, body)
		}
		body = indented.Bytes()
	}
	b.Write(bytes.ReplaceAll(body, []byte("\r\n"), []byte("␍\n")))
	s := b.String()
	if !strings.HasSuffix(s, "\n") {
		s += "\n"
	}
	return s
}
