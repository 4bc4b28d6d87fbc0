package shared_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
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
