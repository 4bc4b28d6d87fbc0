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

func TestResolve(t *testing.T) {
	t.Parallel()
	template, err := rostemplate.Parse([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	values := rostemplate.Values{Parameters: map[string]any{"Town": "Basel"}, Pseudo: map[string]string{"ALIYUN::Region": "cn-a"}}
	got, err := template.Resolve(values)
	want := map[string]rostemplate.Resource{"Cage": {Type: "ALIYUN::Zoo::Cage", Properties: map[string]any{
		"Name": "zoo-4-cn-a", "Bars": 4, "Town": "Basel", "Animals": []any{"mouse"}, "Gate": "<Gate.Key>", "Letters": 3,
	}}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	values.Parameters["Bars"] = 5
	values.Attribute = func(resource, name string) string { return resource + "/" + name }
	got, err = template.Resolve(values)
	want = map[string]rostemplate.Resource{
		"Cage": {Type: "ALIYUN::Zoo::Cage", Properties: map[string]any{
			"Name": "zoo-5-cn-a", "Bars": 5, "Town": "Basel", "Animals": []any{"lion"}, "Roof": true, "Gate": "Gate/Key", "Letters": 3,
		}},
		"Gate": {Type: "ALIYUN::Zoo::Gate", Properties: map[string]any{}},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestWhatCannotBeResolved(t *testing.T) {
	t.Parallel()
	for _, b := range []struct{ name, old, new, want string }{
		{"a parameter without a value", "", "", "resolving line 18: parameter Town has no default and no value"},
		{"a pseudo parameter without a value", "Town: {Ref: Town}", "Town: {Ref: 'ALIYUN::StackId'}", "ALIYUN::StackId has no value"},
		{"a function that is not known", "Town: {Ref: Town}", "Town: {'Fn::Jq': [x]}", "function Fn::Jq is not known here"},
		{"a condition that does not exist", "Condition: IsEither", "Condition: IsOther", "condition IsOther does not exist"},
		{"a condition that is none", "{'Fn::Or': [IsZoo, IsLarge]}", "{'Fn::Join': [IsZoo, IsLarge]}", "this is no condition"},
	} {
		template, err := rostemplate.Parse([]byte(strings.Replace(small, b.old, b.new, 1)))
		if err != nil {
			t.Fatal(err)
		}
		values := rostemplate.Values{Pseudo: map[string]string{"ALIYUN::Region": "cn-a"}}
		if _, err := template.Resolve(values); err == nil || !strings.Contains(err.Error(), b.want) {
			t.Errorf("%s: %v, want %s", b.name, err, b.want)
		}
	}
}

func TestTemplatesThatAreNone(t *testing.T) {
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
