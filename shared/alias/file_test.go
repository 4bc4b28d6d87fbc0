package alias_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/alias"
	"community-images/shared/catalog"
	"community-images/shared/jsonschematest"
	"community-images/shared/query/request"
)

// parse parses a file as a run does.
func parse(text string) (alias.File, error) {
	rules := alias.Rules{Regions: []string{"cn-hangzhou", "cn-shanghai"}, CheckLookup: request.CheckLookup}
	return alias.Parse([]byte(text), rules)
}

// entry returns a file with one alias, which has further members.
func entry(more string) string {
	return `{"Aliases":[{"Name":"a","RegionId":"cn-hangzhou","Lookup":"q=x"` + more + `}]}`
}

func TestFileIsRead(t *testing.T) {
	t.Parallel()
	file, err := parse("\ufeff" + `{"$schema": "aliases.schema.json", "Aliases": [
		{"Name": "newest", "RegionId": "cn-hangzhou", "Lookup": "sort=-Size", "Description": "雲"},
		{"Name": "a", "RegionId": "cn-hangzhou", "Lookup": "q=x",
		 "Pin": {"ImageId": "m-1", "Reason": "broken", "Until": "2027-01-31T08:00:00+08:00"}},
		{"Name": "a", "RegionId": "cn-shanghai", "Lookup": "q=x", "Pin": {"ImageId": "m-1", "Reason": "broken"}}]}`)
	if err != nil {
		t.Fatal(err)
	}
	until := catalog.At(time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC))
	want := alias.File{
		"cn-hangzhou": {
			{Name: "a", Lookup: "q=x", Pin: &alias.Pin{ImageID: "m-1", Reason: "broken", Until: until}},
			{Name: "newest", Lookup: "sort=-Size", Description: "雲"},
		},
		"cn-shanghai": {{Name: "a", Lookup: "q=x", Pin: &alias.Pin{ImageID: "m-1", Reason: "broken"}}},
	}
	if diff := cmp.Diff(want, file); diff != "" {
		t.Error(diff)
	}
	if none := file.Of("cn-beijing"); none == nil || len(none) > 0 {
		t.Errorf("a region without aliases has %v, which says that they are not known", none)
	}
}

// TestNames: a file may have these names. TestHostileNames has those that it may not have.
func TestNames(t *testing.T) {
	t.Parallel()
	s := jsonschematest.Compile(t, "aliases.schema.json")
	for _, name := range []string{"a", "7", "centos-7.9_gpu", "a..b", strings.Repeat("a", 64)} {
		file := fmt.Sprintf(`{"Aliases":[{"Name":%q,"RegionId":"cn-hangzhou","Lookup":"q=x"}]}`, name)
		if _, err := parse(file); err != nil {
			t.Errorf("name %q: %v", name, err)
		}
		if err := s.Validate(file); err != nil {
			t.Errorf("name %q: the schema says %v", name, err)
		}
	}
}

// TestFaultsOfAFile: each fault is named with its path, its value and what is allowed. The
// schema refuses the same files, unless only a run can tell.
func TestFaultsOfAFile(t *testing.T) {
	t.Parallel()
	const onlyARun = "only a run can tell: "
	s := jsonschematest.Compile(t, "aliases.schema.json")
	for text, want := range map[string]string{
		``:                          "the file must be JSON, but line 1 has: unexpected end of JSON input",
		"{\n\"Aliases\": [}":        "the file must be JSON, but line 2 has: invalid character",
		"{\"Aliases\":[\"\xff\"]}":  "the file must be JSON that all programs read alike: not UTF-8",
		`[]`:                        "the file must be an object, got []",
		`null`:                      "the file must be an object",
		`{}`:                        "Aliases is missing",
		`{"Aliases":{}}`:            "Aliases must be a list, got {}",
		`{"Aliases":[],"Alias":[]}`: "Alias is unknown; allowed are Aliases, $schema, got []",
		`{"Aliases":["newest"]}`:    `Aliases[0] must be an object, got "newest"`,
		`{"Aliases":[{}]}`: "Aliases[0].Name is missing; Aliases[0].RegionId is missing; " +
			"Aliases[0].Lookup is missing",
		entry(`,"Pins":1`): "Aliases[0].Pins is unknown; allowed are Name, RegionId, Lookup, Description, Pin, " +
			"got 1",
		entry(`,"Description":7`): "Aliases[0].Description must be a text of at most 500 bytes without control " +
			"characters, got 7",
		entry(`,"Description":"\n"`): `Aliases[0].Description must be a text`,
		entry(`,"Pin":null`):         "Aliases[0].Pin must be an object",
		entry(`,"Pin":{}`):           "Aliases[0].Pin.ImageId is missing; Aliases[0].Pin.Reason is missing",
		entry(`,"Pin":{"ImageId":"m 1","Reason":" "}`): `Aliases[0].Pin.ImageId must be the id of an image, at most 256 ` +
			`bytes without spaces, got "m 1"; Aliases[0].Pin.Reason must be`,
		entry(`,"Pin":{"ImageId":"m-1","Reason":"r","Until":"tomorrow"}`): `Aliases[0].Pin.Until must be an RFC 3339 time ` +
			`with its zone, for example 2027-01-31T00:00:00Z, got "tomorrow"`,
		entry(`,"Pin":{"ImageId":"m-1","Reason":"r","Until":"2027-01-31T00:00:00"}`): "with its zone",
		strings.Replace(entry(""), `"q=x"`, `""`, 1): "" +
			"Aliases[0].Lookup must be parameters of /v1/images",
		strings.Replace(entry(""), `"q=x"`, `"Sizes=4&limit=1"`, 1): onlyARun + `Aliases[0].Lookup cannot be ` +
			`answered: Sizes is not a parameter of the lookup of an alias. Did you mean "Size"? Allowed: ClusterId,`,
		strings.Replace(entry(""), "cn-hangzhou", "cn-beijing", 1): onlyARun + `Aliases[0].RegionId must be a region that ` +
			`is captured: cn-hangzhou, cn-shanghai, got "cn-beijing"`,
		`{"Aliases":[{"Name":"a","Name":"b","RegionId":"cn-hangzhou","Lookup":"q=x"}]}`: onlyARun + "the file must be " +
			`JSON that all programs read alike: member "Name" is there twice`,
		`{"Aliases":[{"Name":"a","RegionId":"cn-hangzhou","Lookup":"q=x"},` +
			`{"Name":"a","RegionId":"cn-hangzhou","Lookup":"q=y"}]}`: onlyARun + `Aliases[1].Name must be unique in its ` +
			`region; Aliases[0] has it too, got "a"`,
	} {
		want, runOnly := strings.CutPrefix(want, onlyARun)
		_, err := parse(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n%v\nwant %s", text, err, want)
		}
		if json.Valid([]byte(text)) && !strings.Contains(want, "UTF-8") {
			if err := s.Validate(text); (err == nil) != runOnly {
				t.Errorf("%s: the schema says %v", text, err)
			}
		}
	}
}

// TestHostileNames: a name needs no escapes, in an address or a key.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	s := jsonschematest.Compile(t, "aliases.schema.json")
	for _, name := range []string{"", ".", "..", "-", "a/b", "a b", "A", "é", "a\u0000", "%2e", "a?", "a.", "_any", "*",
		"a\u202eb", strings.Repeat("a", 65), "<script>"} {
		text, _ := json.Marshal(map[string]any{"Aliases": []any{
			map[string]any{"Name": name, "RegionId": "cn-hangzhou", "Lookup": "q=x"}}})
		_, err := parse(string(text))
		var faults alias.FaultsError
		if !errors.As(err, &faults) || len(faults) != 1 || faults[0].Path != "Aliases[0].Name" {
			t.Errorf("name %q: %v", name, err)
		}
		if s.Validate(string(text)) == nil {
			t.Errorf("name %q is allowed by the schema", name)
		}
	}
	for _, name := range []string{"a", "0", "centos-7.9_x", strings.Repeat("a", 64)} {
		if _, err := parse(strings.Replace(entry(""), `"a"`, `"`+name+`"`, 1)); err != nil {
			t.Errorf("name %q: %v", name, err)
		}
	}
}

// TestMostAliases: a file has at most 100, and its first faults are explained.
func TestMostAliases(t *testing.T) {
	t.Parallel()
	file := func(count int, region string) string {
		var list []string
		for i := range count {
			list = append(list, fmt.Sprintf(`{"Name":"a%d","RegionId":%q,"Lookup":"q=x"}`, i, region))
		}
		return `{"Aliases":[` + strings.Join(list, ",") + `]}`
	}
	if got, err := parse(file(100, "cn-hangzhou")); err != nil || len(got["cn-hangzhou"]) != 100 {
		t.Error(len(got["cn-hangzhou"]), err)
	}
	_, err := parse(file(101, "cn-hangzhou"))
	if err == nil || err.Error() != "Aliases has 101 entries; the limit is 100" {
		t.Error(err)
	}
	_, err = parse(file(50, "moon"))
	if err == nil || strings.Count(err.Error(), "RegionId") != 10 || !strings.HasSuffix(err.Error(), "; 40 more faults") {
		t.Error(err)
	}
	long := `{"Aliases":[],"x":"` + strings.Repeat("x", alias.MaxFileBytes) + `"}`
	if _, err := parse(long); err == nil || err.Error() != "the file must have at most 256 KB" {
		t.Error(err)
	}
}

// FuzzParse: whatever the file is, it has definitions or faults, and the definitions can be
// written into a file again.
func FuzzParse(f *testing.F) {
	f.Add([]byte(entry(`,"Pin":{"ImageId":"m-1","Reason":"r","Until":"2027-01-31T00:00:00Z"},"Description":"d"`)))
	f.Add([]byte(`{"Aliases":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := parse(string(data))
		var faults alias.FaultsError
		if err != nil {
			if !errors.As(err, &faults) || len(faults) == 0 {
				t.Errorf("%q: %v", data, err)
			}
			return
		}
		type entry struct {
			RegionID string `json:"RegionId"`
			alias.Definition
		}
		again := map[string][]entry{"Aliases": {}}
		for region, list := range file {
			for _, d := range list {
				if d.Pin != nil && d.Pin.Until.IsZero() {
					d.Pin.Until = catalog.At(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
				}
				again["Aliases"] = append(again["Aliases"], entry{region, d})
			}
		}
		text, err := json.Marshal(again)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := parse(string(text)); err != nil || len(back) != len(file) {
			t.Errorf("%q is written as %q: %v", data, text, err)
		}
	})
}
