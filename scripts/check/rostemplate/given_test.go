package rostemplate_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"community-images/scripts/check/rostemplate"
)

// TestCheckGivenReportsEveryFault has one parameter for each kind of constraint.
func TestCheckGivenReportsEveryFault(t *testing.T) {
	t.Parallel()
	template, err := rostemplate.Parse([]byte(`
ROSTemplateFormatVersion: '2015-09-01'
Parameters:
  Name: {Type: String, AllowedPattern: '[a-z]+$', ConstraintDescription: lower-case letters}
  Plan: {Type: String, AllowedPattern: '@.*', ConstraintDescription: {en: '@every 10m', zh-cn: x}}
  Size: {Type: Number, Default: 3, MinValue: 1, MaxValue: 9}
  Least: {Type: Number, MinValue: 0.5}
  Any: {Type: Number}
  Kind: {Type: String, AllowedValues: [a, b]}
  Open: {Type: Boolean}
  Text: {Type: String, MaxLength: 3, AllowedPattern: x}
  Key: {Type: String, NoEcho: true, MinLength: 4}
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ name, value, want string }{
		{"Name", "Abc", `parameter Name: "Abc" is not allowed; allowed: lower-case letters`},
		{"Plan", "10m", `parameter Plan: "10m" is not allowed; allowed: @every 10m`},
		{"Size", "0", `parameter Size: "0" is not allowed; allowed: 1 to 9`},
		{"Size", "lots", `parameter Size: "lots" is not a number; allowed: 1 to 9`},
		{"Size", "NaN", `parameter Size: "NaN" is not a number; allowed: 1 to 9`},
		{"Size", "", `parameter Size: "" is not a number; allowed: 1 to 9`},
		{"Least", "0.4", `parameter Least: "0.4" is not allowed; allowed: at least 0.5`},
		{"Any", "Inf", `parameter Any: "Inf" is not a number; allowed: a number`},
		{"Kind", "c", `parameter Kind: "c" is not allowed; allowed: a, b`},
		{"Open", "maybe", `parameter Open: "maybe" is not allowed; allowed: true or false`},
		{"Text", "xyzw", `parameter Text: "xyzw" is not allowed; allowed: at most 3 characters, what matches x`},
		{"Key", "abc", `parameter Key: the value is not allowed; allowed: at least 4 characters`},
		{"Nmae", "abc", `the template has no parameter "Nmae"; did you mean Name?; ` +
			`it has Any, Key, Kind, Least, Name, Open, Plan, Size, Text`},
		{"Size", "9", ""},
		{"Key", "abcd", ""},
	} {
		var want []rostemplate.Fault
		if row.want != "" {
			want = []rostemplate.Fault{{Parameter: row.name, Text: row.want}}
		}
		if diff := cmp.Diff(want, template.CheckGiven(map[string]string{row.name: row.value})); diff != "" {
			t.Errorf("%s=%s: %s", row.name, row.value, diff)
		}
	}
	long := template.CheckGiven(map[string]string{"Name": strings.Repeat("A", 1000), "Kind": "c", "Zoo": ""})
	if len(long) != 3 || len(long[1].Text) > 200 || long[0].Parameter != "Zoo" {
		t.Errorf("got %q", long)
	}
}
