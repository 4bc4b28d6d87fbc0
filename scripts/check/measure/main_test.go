package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const source = `package x

// Wide has one field too many.
type Wide struct {
	a, b, c, d, e, f, g, h, i, j, k, l, m int
}

func many(a, b, c, d, e, f int) bool {
	return a > 0 && b > 0
}
`

func TestReport(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for name, text := range map[string]string{
		"README.md":                "# x\n",
		"functions/x/x.go":         source,
		"functions/x/x_test.go":    source,
		"shared/xtest/double.go":   source,
		"scripts/y/y.go":           "package y\n\nvar Exported = " + strings.Repeat("1+", 60) + "1\n",
		"scripts/y/testdata/no.go": "not Go",
	} {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var out strings.Builder
	if err := run(&out, root); err != nil {
		t.Fatal(err)
	}
	want := `files                       2
code lines, deployed        7
code lines, scripts         2
comment share               10.0 % (at least 20)
README.md                   4 bytes (at most 10240)
lines over 120 columns      1
   136 scripts/y/y.go:3
functions over 40 lines     0
more than 5 parameters      1
     6 functions/x/x.go:8:1 many
structs over 12 fields      1
    13 functions/x/x.go:4:6 Wide
complexity over 15          0
exported names per package
     1 functions/x
     1 scripts/y
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestComplexityOverTheLimit(t *testing.T) {
	t.Parallel()
	var r report
	body := strings.Repeat("\tif true {\n\t}\n", maxComplexity)
	path := filepath.Join(t.TempDir(), "x.go")
	if err := os.WriteFile(path, []byte("package x\n\nfunc f() {\n"+body+"}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := r.addFile(path, "x/x.go"); err != nil {
		t.Fatal(err)
	}
	want := []place{{"x/x.go:3:1 f", maxComplexity + 1}}
	if diff := cmp.Diff(want, r.complex, cmp.AllowUnexported(place{})); diff != "" {
		t.Error(diff)
	}
}
