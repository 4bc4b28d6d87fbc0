package shared_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestFaultsAreTested: every row of the README's fault table names tests, and
// those exist.
func TestFaultsAreTested(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "\n## Faults\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var code strings.Builder
	err = filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			var data []byte
			data, err = os.ReadFile(path)
			code.Write(data)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(section) {
		if !regexp.MustCompile(`^\| \d+\. `).MatchString(line) {
			continue
		}
		rows++
		tests := regexp.MustCompile("`(Test[A-Za-z0-9]+)`").FindAllStringSubmatch(line, -1)
		if len(tests) == 0 && !strings.Contains(line, "_test.go`") {
			t.Errorf("a row names no test: %s", line)
		}
		for _, name := range tests {
			if !strings.Contains(code.String(), "\nfunc "+name[1]+"(t *testing.T) {") {
				t.Errorf("there is no %s", name[1])
			}
		}
	}
	if rows != 17 {
		t.Errorf("the table has %d rows", rows)
	}
}

// TestDependenciesAreExplained: the README says what each module is for that
// go.mod requires directly, and of no other.
func TestDependenciesAreExplained(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "\n## Dependencies\n")
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
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	out, err := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json", "../go.mod").Output()
	if err == nil {
		err = json.Unmarshal(out, &mod)
	}
	if err != nil || len(mod.Require) == 0 {
		t.Fatalf("%d modules, %v", len(mod.Require), err)
	}
	for _, m := range mod.Require {
		of := func(name string) bool { return name == m.Path || strings.HasPrefix(name, m.Path+"/") } // a module or a package of it
		if !m.Indirect && !slices.ContainsFunc(told, of) {
			t.Errorf("%s has no row", m.Path)
		}
		if !m.Indirect {
			told = slices.DeleteFunc(told, of)
		}
	}
	if len(told) > 0 {
		t.Errorf("go.mod does not require %q", told)
	}
}
