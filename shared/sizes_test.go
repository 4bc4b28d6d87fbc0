package shared_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPackagesOfQueryStaySmall counts what a newcomer has to read of one package. Tests do not
// count.
func TestPackagesOfQueryStaySmall(t *testing.T) {
	t.Parallel()
	const maxLines, maxFiles = 3000, 30
	counted := 0
	for _, p := range list(t, "./shared/query/...") {
		lines := 0
		for _, name := range p.GoFiles {
			data, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			lines += bytes.Count(data, []byte("\n"))
		}
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		if lines > maxLines || len(p.GoFiles) > maxFiles {
			t.Errorf("%s has %d lines in %d files; at most %d in %d: divide it", name, lines, len(p.GoFiles),
				maxLines, maxFiles)
		}
		if lines > 0 {
			counted++
		}
	}
	if counted < len(layers) {
		t.Errorf("%d packages were counted; there are import rules for %d", counted, len(layers))
	}
}
