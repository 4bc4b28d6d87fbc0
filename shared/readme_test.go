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
// those exist in the packages that it names.
func TestFaultsAreTested(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../scripts/check/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "\n## Faults\n")
	section, _, _ = strings.Cut(section, "\n## ")
	code := map[string]string{} // of the tests, by package
	err = filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			var data []byte
			data, err = os.ReadFile(path)
			code[filepath.ToSlash(filepath.Dir(path))] += string(data)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`(Test[A-Za-z0-9]+|(functions|shared)/[a-z/]+)`")
	joined := func(line, name string) bool { return strings.Contains(line, "` and `"+name+"`") }
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
		within := []string{"functions/snapshot", "functions/query"} // where no package is named
		for i, name := range named.FindAllString(strings.Split(line, "|")[2], -1) {
			name = strings.Trim(name, "`")
			switch {
			case !strings.HasPrefix(name, "Test") && i > 0 && joined(line, name):
				within = append(within, name)
			case !strings.HasPrefix(name, "Test"):
				within = []string{name}
			default:
				for _, dir := range within {
					if !strings.Contains(code["../"+dir], "\nfunc "+name+"(t *testing.T) {") {
						t.Errorf("there is no %s in %s", name, dir)
					}
				}
			}
		}
	}
	if rows != 18 {
		t.Errorf("the table has %d rows", rows)
	}
}

// TestDependenciesAreExplained: the README says what each module is for that
// go.mod requires directly, and of no other.
func TestDependenciesAreExplained(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../scripts/check/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "\n## Dependencies\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var explained []string
	for line := range strings.Lines(section) {
		if cells := strings.Split(line, "|"); len(cells) > 2 {
			for i, part := range strings.Split(cells[1], "`") {
				if i%2 == 1 {
					explained = append(explained, part)
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
		// A module or a package of it.
		of := func(name string) bool { return name == m.Path || strings.HasPrefix(name, m.Path+"/") }
		if !m.Indirect && !slices.ContainsFunc(explained, of) {
			t.Errorf("%s has no row", m.Path)
		}
		if !m.Indirect {
			explained = slices.DeleteFunc(explained, of)
		}
	}
	if len(explained) > 0 {
		t.Errorf("go.mod does not require %q", explained)
	}
}

// TestShellExamplesHaveNoComments keeps "#" out of the shell examples of all
// documents: an interactive zsh takes it for a word and passes it to the command.
func TestShellExamplesHaveNoComments(t *testing.T) {
	t.Parallel()
	comment := regexp.MustCompile(`(^|\s)#`)
	blocks := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".md" {
			return err
		}
		text, err := os.ReadFile(path)
		inShell := false
		for line := range strings.Lines(string(text)) {
			switch {
			case strings.HasPrefix(line, "```"):
				inShell = !inShell && regexp.MustCompile("^```(sh|bash|console)").MatchString(line)
				blocks++
			case inShell && comment.MatchString(line):
				t.Errorf("%s: a comment in a shell example: %s", path, line)
			}
		}
		return err
	})
	if err != nil || blocks == 0 {
		t.Errorf("%d blocks, %v", blocks, err)
	}
}
