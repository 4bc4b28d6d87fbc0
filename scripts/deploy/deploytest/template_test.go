package deploytest

import (
	"reflect"
	"strings"
	"testing"
)

const head = "ROSTemplateFormatVersion: '2015-09-01'\n"

func TestParametersAreChecked(t *testing.T) {
	t.Parallel()
	body := head + `
Parameters:
  Name: {Type: String, AllowedPattern: '[a-z]{1,2000}$', MaxLength: 5}
  Size: {Type: Number, Default: 3, MinValue: 1}
  Kind: {Type: String, Default: a, AllowedValues: [a, b]}
Rules:
  Both:
    RuleCondition: {'Fn::Equals': [{Ref: Kind}, b]}
    Assertions: [{Assert: {'Fn::Not': [{'Fn::Equals': [{Ref: Size}, 3]}]}, AssertDescription: b needs a size}]
Resources: {R: {Type: X}}
`
	for _, row := range []struct {
		name, given, want string
	}{
		{"what is needed", "Name=abc", ""},
		{"everything", "Name=abc Size=2.5 Kind=b", ""},
		{"nothing", "", "UserParameterMissing: The Parameter (Name) was not provided."},
		{"an unknown one", "Name=abc Nmae=x", "UnknownUserParameter: The Parameter (Nmae) was not defined in template."},
		{"a value that does not match", "Name=ABC", "StackValidationFailed: Parameter 'Name' is invalid"},
		{"a value that is too long", "Name=abcdef", "its length is not allowed"},
		{"a value that is not allowed", "Name=abc Kind=c", "is not one of [a b]"},
		{"no number", "Name=abc Size=x", "no number that is allowed"},
		{"too small a number", "Name=abc Size=0", "no number that is allowed"},
		{"a broken rule", "Name=abc Kind=b", "Rule Both: b needs a size"},
	} {
		given := map[string]string{}
		for pair := range strings.FieldsSeq(row.given) {
			name, value, _ := strings.Cut(pair, "=")
			given[name] = value
		}
		if _, err := parse(body, given, nil); (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %q", row.name, err, row.want)
		}
	}
	w, err := parse(body, map[string]string{"Size": "7"}, map[string]string{"Name": "abc", "Gone": "x"})
	if err != nil || w.values["Name"] != "abc" || w.values["Size"] != 7 || w.values["Kind"] != "a" {
		t.Errorf("with previous values: %v, %v", w, err)
	}
}

func TestFunctions(t *testing.T) {
	t.Parallel()
	body := head + `
Parameters:
  P: {Type: String, Default: p}
  L: {Type: CommaDelimitedList, Default: 'x, y'}
Conditions:
  Yes: {'Fn::Equals': [{Ref: P}, p]}
  No: {'Fn::Not': [Yes]}
  Any: {'Fn::Or': [Yes, No]}
  All: {'Fn::And': [Yes, {Condition: No}]}
Resources:
  Before: {Type: X, Condition: Yes, Properties: {Name: n}}
  R:
    Type: X
    Properties:
      Join: {'Fn::Join': ['-', [a, {Ref: P}, {'Fn::GetAtt': [Before, Name]}]]}
      Sub: {'Fn::Sub': '${P}/${Before.Name}/${ALIYUN::Region}'}
      If: {'Fn::If': [No, 1, {'Fn::If': [Any, 2, 3]}]}
      None: {'Fn::If': [All, 1, {Ref: 'ALIYUN::NoValue'}]}
      Split: {'Fn::Split': [',', 'a,b']}
      List: {Ref: L}
      Text: {'Fn::Str': 5}
      Second: {'Fn::Select': ['1', {'Fn::Split': ['//', 'http://host']}]}
`
	w, err := parse(body, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	names, err := w.sorted()
	if err != nil || !reflect.DeepEqual(names, []string{"Before", "R"}) {
		t.Fatalf("the order is %q, %v", names, err)
	}
	s := &stack{cloud: &Cloud{Options: Options{Region: "cn-x"}}, resources: map[string]*resource{"Before": {attributes: map[string]any{"Name": "n"}}}}
	got, err := w.properties(s, "R", false)
	want := map[string]any{"Join": "a-p-n", "Sub": "p/n/cn-x", "If": 2, "Split": []any{"a", "b"}, "List": []any{"x", "y"}, "Text": "5", "Second": "host"}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v, %v\nwant %v", got, err, want)
	}
	for name, property := range map[string]string{
		"an unknown function":  "{'Fn::Magic': [1]}",
		"a part there is none": "{'Fn::Select': ['1', [a]]}",
		"an unknown reference": "{Ref: Nobody}",
		"an unknown attribute": "{'Fn::GetAtt': [Before, Colour]}",
		"an unknown condition": "{'Fn::If': [Maybe, 1, 2]}",
	} {
		w, err := parse(head+"Resources: {Before: {Type: X}, R: {Type: X, Properties: {P: "+property+"}}}", nil, nil)
		if err == nil {
			_, err = w.properties(s, "R", true)
		}
		if err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if w, err = parse(head+"Resources: {A: {Type: X, DependsOn: B}, B: {Type: X, DependsOn: [A]}}", nil, nil); err == nil {
		_, err = w.sorted()
	}
	if err == nil {
		t.Error("resources that wait for one another are accepted")
	}
}
