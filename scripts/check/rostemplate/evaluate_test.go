package rostemplate_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"community-images/scripts/check/rostemplate"
)

const small = `
ROSTemplateFormatVersion: '2015-09-01'
Parameters:
  Name: {Type: String, Default: zoo}
  Bars: {Type: Number, Default: 4}
  Town: {Type: String}
Conditions:
  IsZoo: {'Fn::Equals': [{Ref: Name}, zoo]}
  IsLarge: {'Fn::And': [IsZoo, {'Fn::Not': [{'Fn::Equals': [{Ref: Bars}, 4]}]}]}
  IsEither: {'Fn::Or': [IsZoo, IsLarge]}
Resources:
  Cage:
    Type: ALIYUN::Zoo::Cage
    Condition: IsEither
    Properties:
      Name: {'Fn::Join': ['-', [{Ref: Name}, {'Fn::Str': {Ref: Bars}}, {Ref: 'ALIYUN::Region'}, {Ref: 'ALIYUN::NoValue'}]]}
      Bars: {Ref: Bars}
      Town: {Ref: Town}
      Animals: [{Ref: 'ALIYUN::NoValue'}, {'Fn::If': [IsLarge, lion, mouse]}]
      Roof: {'Fn::If': [IsLarge, true, {Ref: 'ALIYUN::NoValue'}]}
      Gate: {'Fn::GetAtt': [Gate, Key]}
      Letters: {'Fn::Length': {'Fn::Split': [o, {Ref: Name}]}}
  Gate:
    Type: ALIYUN::Zoo::Gate
    Condition: IsLarge
`

func TestEvaluate(t *testing.T) {
	t.Parallel()
	template, err := rostemplate.Parse([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	values := rostemplate.Values{Parameters: map[string]any{"Town": "Basel"},
		Pseudo: map[string]string{"ALIYUN::Region": "cn-a"}}
	got, err := template.Evaluate(values)
	want := map[string]rostemplate.Resource{"Cage": {Type: "ALIYUN::Zoo::Cage", Properties: map[string]any{
		"Name": "zoo-4-cn-a", "Bars": 4, "Town": "Basel", "Animals": []any{"mouse"}, "Gate": "<Gate.Key>", "Letters": 3,
	}}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	values.Parameters["Bars"] = 5
	values.Resource = func(name, attribute string) (any, error) { return name + "/" + attribute, nil }
	got, err = template.Evaluate(values)
	want = map[string]rostemplate.Resource{
		"Cage": {Type: "ALIYUN::Zoo::Cage", Properties: map[string]any{
			"Name": "zoo-5-cn-a", "Bars": 5, "Town": "Basel", "Animals": []any{"lion"}, "Roof": true,
			"Gate": "Gate/Key", "Letters": 3,
		}},
		"Gate": {Type: "ALIYUN::Zoo::Gate", Properties: map[string]any{}},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestFunctions(t *testing.T) {
	t.Parallel()
	template, err := rostemplate.Parse([]byte(`
ROSTemplateFormatVersion: '2015-09-01'
Parameters:
  P: {Type: String, Default: p}
Conditions:
  Yes: {'Fn::Equals': [{Ref: P}, p]}
  No: {'Fn::Not': [Yes]}
  Any: {'Fn::Or': [Yes, No]}
  All: {'Fn::And': [Yes, {Condition: No}]}
Rules:
  Never: {Assertions: [{Assert: Any}, {Assert: {'Fn::Not': [All]}}]}
Resources:
  After:
    Type: X
    DeletionPolicy: Retain
    DependsOn: [Last]
    Properties:
      Join: {'Fn::Join': ['-', [a, {Ref: P}, {'Fn::GetAtt': [Before, Name]}]]}
      JoinSplit: {'Fn::Join': ['-', {'Fn::Split': [',', 'a,b']}]}
      If: {'Fn::If': [No, 1, {'Fn::If': [Any, 2, 3]}]}
      None: {'Fn::If': [All, 1, {Ref: 'ALIYUN::NoValue'}]}
      Text: {'Fn::Str': 5}
      Second: {'Fn::Select': ['1', {'Fn::Split': ['//', 'http://host']}]}
      Id: {Ref: Before}
  Before: {Type: X, Condition: Yes}
  Last: {Type: X, Condition: No, DependsOn: Before}
Outputs:
  Second: {Condition: No, Value: 1}
  First: {Description: the first, Value: {'Fn::GetAtt': [Before, Name]}}
`))
	if err != nil {
		t.Fatal(err)
	}
	values := rostemplate.Values{Resource: func(name, attribute string) (any, error) {
		return name + "/" + attribute, nil
	}}
	names, err := template.ExistingResources(values)
	if diff := cmp.Diff([]string{"Before", "After"}, names); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if err := template.CheckRules(values); err != nil {
		t.Error(err)
	}
	resource, err := template.EvaluateResource("After", values)
	want := rostemplate.Resource{Type: "X", Retain: true, Properties: map[string]any{
		"Join": "a-p-Before/Name", "JoinSplit": "a-b", "If": 2, "Text": "5", "Second": "host", "Id": "Before/",
	}}
	if diff := cmp.Diff(want, resource); diff != "" || err != nil {
		t.Error(diff, err)
	}
	outputs, err := template.EvaluateOutputs(values)
	wantOutputs := []rostemplate.Output{{Name: "First", Description: "the first", Value: "Before/Name"}}
	if diff := cmp.Diff(wantOutputs, outputs); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestResourcesThatDependOnEachOther(t *testing.T) {
	t.Parallel()
	template, err := rostemplate.Parse([]byte("Resources: {A: {Type: X, DependsOn: B}, B: {Type: X, DependsOn: [A]}}"))
	if err != nil {
		t.Fatal(err)
	}
	want := "resources depend on each other: A -> B -> A"
	if _, err := template.ExistingResources(rostemplate.Values{}); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestEvaluateReturnsErrors(t *testing.T) {
	t.Parallel()
	for _, b := range []struct{ name, old, new, want string }{
		{"a parameter without a value", "", "", "evaluating line 18: parameter Town has no default and no value"},
		{"a pseudo parameter without a value", "Town: {Ref: Town}", "Town: {Ref: 'ALIYUN::StackId'}",
			"ALIYUN::StackId has no value"},
		{"a function that is not known", "Town: {Ref: Town}", "Town: {'Fn::Jq': [x]}",
			"function Fn::Jq is not supported"},
		{"an element that is not there", "Town: {Ref: Town}", "Town: {'Fn::Select': ['1', [a]]}",
			"Fn::Select: there is no element 1 in a list of 1"},
		{"an argument too few", "Town: {Ref: Town}", "Town: {'Fn::If': [IsZoo, 1]}", "Fn::If takes a list of 3, not 2"},
		{"a text for a list", "Town: {Ref: Town}", "Town: {'Fn::Join': ['', a]}", "this must be a list"},
		{"a condition that does not exist", "Condition: IsEither", "Condition: IsOther",
			"condition IsOther does not exist"},
		{"a condition that is none", "{'Fn::Or': [IsZoo, IsLarge]}", "{'Fn::Join': [IsZoo, IsLarge]}",
			"this is not a condition"},
	} {
		template, err := rostemplate.Parse([]byte(strings.Replace(small, b.old, b.new, 1)))
		if err != nil {
			t.Fatal(err)
		}
		values := rostemplate.Values{Pseudo: map[string]string{"ALIYUN::Region": "cn-a"}}
		if _, err := template.Evaluate(values); err == nil || !strings.Contains(err.Error(), b.want) {
			t.Errorf("%s: %v, want %s", b.name, err, b.want)
		}
	}
}

func TestParseReturnsErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":            "it is not a mapping",
		"- a":         "it is not a mapping",
		"a: [":        "parsing the template: yaml",
		"\ta: tabbed": "parsing the template: yaml",
	} {
		if _, err := rostemplate.Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
