package rosmodel_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"community-images/scripts/check/rosmodel"
)

const generated = "@alicloud/ros-cdk-zoo/lib/zoo.generated.js"

// install writes the packages of the archive, changed, as npm would, and
// returns the directory and what they should be read as.
func install(t *testing.T, change map[string]func(string) string) (dir, want string) {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/packages.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for _, f := range archive.Files {
		text := string(f.Data)
		if f.Name == "want" {
			want = text
			continue
		}
		if change[f.Name] != nil {
			text = change[f.Name](text)
		}
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, want
}

func TestPackagesAreRead(t *testing.T) {
	t.Parallel()
	dir, want := install(t, nil)
	catalog, err := rosmodel.ReadCatalog(dir)
	if err != nil {
		t.Fatal(err)
	}
	text := catalog.Text(slices.Collect(maps.Keys(catalog.Types)))
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Error(diff)
	}
	again, err := rosmodel.ParseText(text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(catalog, again); diff != "" {
		t.Errorf("the text is read as something else: %s", diff)
	}
}

// TestUnknownFormsAreErrors: a rule that is skipped would look like no rule.
func TestUnknownFormsAreErrors(t *testing.T) {
	t.Parallel()
	replace := func(old, new string) func(string) string {
		return func(s string) string {
			if !strings.Contains(s, old) {
				t.Errorf("there is no %q", old)
			}
			return strings.Replace(s, old, new, 1)
		}
	}
	for _, b := range []struct {
		name, file string
		change     func(string) string
		want       string
	}{
		{"a check that is new", generated, replace("ros.validateBoolean)", "ros.validateMood)"),
			`validator "ros.validateMood" is unknown`},
		{"a line that is new", generated, replace("            min: 0,", "            step: 2,"),
			`line 30: "step: 2," is an unknown form of rule`},
		{"a way to write a value that is new", generated,
			replace("ros.numberToRosTemplate(properties.bars),", "properties.bars * 2,"), "is an unknown form of rule"},
		{"a property that is validated and not written", generated,
			replace("        'Diet': ros.stringToRosTemplate(properties.diet),\n", ""),
			"renders 1 properties and validates 2"},
		{"a property that is written and not validated", generated,
			replace("'Diet': ros.stringToRosTemplate(properties.diet)",
				"'Diet': ros.stringToRosTemplate(properties.food)"), `property "Diet" is rendered and not validated`},
		{"an object that nothing writes", generated,
			replace("function rosCageAnimalsPropertyToRosTemplate", "function rosAnimals"),
			`nothing renders "rosCageAnimalsPropertyToRosTemplate"`},
		{"an object within itself", generated, replace("'diet', ros.validateString)",
			"'diet', RosCage_AnimalsPropertyValidator)"), `nothing renders "ros.stringToRosTemplate"`},
		{"no type at all", generated, func(string) string { return "" }, "there is no resource type in it"},
		{"a package without a name", "@alicloud/ros-cdk-zoo/package.json", func(string) string {
			return "{"
		}, "package.json"},
		{"functions in another form", "@alicloud/ros-cdk-core/lib/ros-fn.js", func(string) string {
			return "class Fn {}"
		}, "nothing in it matches"},
		{"an API class in another form", "@alicloud/fc20230330/dist/models/Corsconfig.js", func(string) string {
			return "class CORS {}"
		}, "Corsconfig has no types"},
	} {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			dir, _ := install(t, map[string]func(string) string{b.file: b.change})
			if _, err := rosmodel.ReadCatalog(dir); err == nil || !strings.Contains(err.Error(), b.want) {
				t.Errorf("%v, want %s", err, b.want)
			}
		})
	}
}

func TestParseTextReturnsErrors(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"x", `{"property":"A","is":"string"}`, `{"type":"T"}` + "\n" + `{"colour":"red"}`,
		`{"type":"T"}` + "\n{}"} {
		if _, err := rosmodel.ParseText([]byte(text)); err == nil {
			t.Errorf("%s is read", text)
		}
	}
}
