package rostemplate_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"community-images/scripts/check/rostemplate"
)

func TestParameterValues(t *testing.T) {
	t.Parallel()
	template, err := rostemplate.Parse([]byte(`
ROSTemplateFormatVersion: '2015-09-01'
Parameters:
  Name: {Type: String, AllowedPattern: '[a-z]{1,2000}$', MaxLength: 5}
  Size: {Type: Number, Default: 3, MinValue: 1}
  Kind: {Type: String, Default: a, AllowedValues: [a, b]}
  Open: {Type: Boolean, Default: false}
  List: {Type: CommaDelimitedList, Default: 'x, y'}
`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := template.ParameterValues(map[string]string{"Name": "abc", "Size": "2.5", "Kind": "b"})
	want := map[string]any{"Name": "abc", "Size": 2.5, "Kind": "b", "Open": false, "List": []any{"x", "y"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	got, err = template.ParameterValues(map[string]string{"Name": "a", "Size": "7", "Open": "true"})
	want = map[string]any{"Name": "a", "Size": 7, "Kind": "a", "Open": true, "List": []any{"x", "y"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for _, row := range []struct {
		name       string
		given      map[string]string
		code, text string
	}{
		{"nothing", nil, "UserParameterMissing", "The Parameter (Name) was not provided."},
		{"an unknown one", map[string]string{"Name": "abc", "Nmae": "x"}, "UnknownUserParameter",
			"The Parameter (Nmae) was not defined in template."},
		{"a value that does not match", map[string]string{"Name": "ABC"}, "StackValidationFailed",
			`Parameter 'Name' is invalid: "ABC" does not match AllowedPattern [a-z]{1,2000}$`},
		{"a value that does not match from its start", map[string]string{"Name": "Ab"}, "StackValidationFailed",
			`Parameter 'Name' is invalid: "Ab" does not match AllowedPattern [a-z]{1,2000}$`},
		{"a value that is too long", map[string]string{"Name": "abcdef"}, "StackValidationFailed",
			`Parameter 'Name' is invalid: "abcdef" is beyond MaxLength 5`},
		{"a value that is not allowed", map[string]string{"Name": "abc", "Kind": "c"}, "StackValidationFailed",
			`Parameter 'Kind' is invalid: "c" is not among AllowedValues: a, b`},
		{"no number", map[string]string{"Name": "abc", "Size": "x"}, "StackValidationFailed",
			`Parameter 'Size' is invalid: x is not a number`},
		{"too small a number", map[string]string{"Name": "abc", "Size": "0"}, "StackValidationFailed",
			`Parameter 'Size' is invalid: 0 is beyond MinValue 1`},
		{"no boolean", map[string]string{"Name": "abc", "Open": "x"}, "StackValidationFailed",
			`Parameter 'Open' is invalid: x is neither true nor false`},
	} {
		_, err := template.ParameterValues(row.given)
		var wrong *rostemplate.ParameterError
		if !errors.As(err, &wrong) || wrong.Code != row.code || wrong.Text != row.text {
			t.Errorf("%s: got %v, want %s: %s", row.name, err, row.code, row.text)
		}
	}
}
