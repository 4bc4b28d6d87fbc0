package deploytest

import (
	"reflect"
	"strings"
	"testing"
)

const version = "ROSTemplateFormatVersion: '2015-09-01'\n"

func TestNewTargetReturnsErrorsOfROS(t *testing.T) {
	t.Parallel()
	body := version + `
Parameters:
  Name: {Type: String, MaxLength: 5}
  Kind: {Type: String, Default: a}
Rules:
  Both:
    RuleCondition: {'Fn::Equals': [{Ref: Kind}, b]}
    Assertions: [{Assert: {'Fn::Equals': [{Ref: Name}, x]}, AssertDescription: b needs x}]
Resources: {R: {Type: X}}
`
	for _, row := range []struct {
		name, body string
		given      map[string]string
		want       string // empty: no error
	}{
		{"valid parameters", body, map[string]string{"Name": "abc"}, ""},
		{"a rule that holds", body, map[string]string{"Name": "x", "Kind": "b"}, ""},
		{"a rule that does not hold", body, map[string]string{"Name": "abc", "Kind": "b"},
			"StackValidationFailed: evaluating line 9: rule Both: b needs x"},
		{"a missing parameter", body, nil, "UserParameterMissing: The Parameter (Name) was not provided."},
		{"an invalid parameter", body, map[string]string{"Name": "abcdef"},
			"StackValidationFailed: Parameter 'Name' is invalid"},
		{"not YAML", "a: [", nil, "InvalidTemplate: parsing the template"},
		{"no version", "Resources: {R: {Type: X}}", nil, "InvalidTemplate: "},
		{"no resources", version, nil, "InvalidTemplate: "},
	} {
		_, err := newTarget(row.body, row.given, nil)
		if (err == nil) != (row.want == "") || err != nil && !strings.HasPrefix(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %q", row.name, err, row.want)
		}
	}
	to, err := newTarget(body, map[string]string{"Kind": "c"}, map[string]string{"Name": "abc", "Gone": "x"})
	want := map[string]any{"Name": "abc", "Kind": "c"}
	if err != nil || !reflect.DeepEqual(to.values, want) {
		t.Errorf("with previous parameters: got %v, %v, want %v", to, err, want)
	}
}

func TestReferencesInAStack(t *testing.T) {
	t.Parallel()
	s := &stack{
		cloud: &Cloud{Options: Options{Region: "cn-x"}}, name: "the-stack",
		resources: map[string]*resource{"Before": {physical: "p-1", attributes: map[string]any{"Name": "n"}}},
	}
	for _, row := range []struct {
		property string
		preview  bool
		want     any // nil: an error
	}{
		{"{'Fn::GetAtt': [Before, Name]}", false, "n"},
		{"{Ref: Before}", false, "p-1"},
		{"{Ref: 'ALIYUN::Region'}", false, "cn-x"},
		{"{Ref: 'ALIYUN::StackName'}", false, "the-stack"},
		{"{'Fn::GetAtt': [Later, Name]}", true, "(known later)"},
		{"{'Fn::GetAtt': [Later, Name]}", false, nil},
		{"{Ref: Later}", true, "(known later)"},
		{"{'Fn::GetAtt': [Before, Colour]}", true, nil},
		{"{Ref: Nobody}", true, nil},
		{"{'Fn::GetAtt': [Nobody, Name]}", true, nil},
		{"{'Fn::Magic': [1]}", true, nil},
		{"{'Fn::If': [Maybe, 1, 2]}", true, nil},
	} {
		body := version + "Resources: {Before: {Type: X}, Later: {Type: X}, R: {Type: X, Properties: {P: " +
			row.property + "}}}"
		to, err := newTarget(body, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := to.evaluate(s, "R", row.preview)
		if (err != nil) != (row.want == nil) || err == nil && r.Properties["P"] != row.want {
			t.Errorf("%s, preview %t: got %v, %v, want %v", row.property, row.preview, r.Properties, err, row.want)
		}
	}
}
