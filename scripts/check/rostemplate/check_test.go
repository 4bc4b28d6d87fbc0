package rostemplate_test

import (
	"strings"
	"testing"

	"community-images/scripts/check/rosmodel"
	"community-images/scripts/check/rostemplate"
)

const zooModels = `
{"functions":["Fn::Add","Fn::And","Fn::Equals","Fn::GetAtt","Fn::If","Fn::Join","Fn::Not","Fn::Or",` +
	`"Fn::Select","Fn::Split","Fn::Str","Fn::Sub","Ref"],` +
	`"pseudoParameters":["ALIYUN::NoValue","ALIYUN::Region"],` +
	`"parameterTypes":["Boolean","CommaDelimitedList","Number","String"]}
{"type":"ALIYUN::Zoo::Cage","package":"zoo@1","attributes":["Name"]}
{"property":"Animals[]","is":"object","minLength":1,"maxLength":2}
{"property":"Animals[].Diet","is":"string","required":true,"allowed":["grass","meat"]}
{"property":"Bars","is":"number","min":1,"max":9}
{"property":"Name","is":"string","required":true,"minLength":2,"maxLength":5}
{"property":"Names[]","is":"string"}
{"property":"Open","is":"boolean"}
{"property":"Tags","is":"string","map":true}
`

const zoo = `
ROSTemplateFormatVersion: '2015-09-01'
Metadata:
  ALIYUN::ROS::Interface:
    ParameterGroups:
      - Label: {default: All}
        Parameters: [Name, Bars, Open, List]
Parameters:
  Name: {Type: String, Default: Lions, MinLength: 2, MaxLength: 5}
  Bars: {Type: Number, Default: 4}
  Open: {Type: Boolean, Default: false}
  List: {Type: CommaDelimitedList, Default: 'a,b'}
Conditions:
  IsOpen: {'Fn::Equals': [{Ref: Open}, true]}
Rules:
  Sense:
    Assertions:
      - Assert: {'Fn::Or': [IsOpen, {'Fn::Not': [{Condition: IsOpen}]}]}
Resources:
  Cage:
    Type: ALIYUN::Zoo::Cage
    Properties:
      Name: {Ref: Name}
      Bars: {Ref: Bars}
      Open: {Ref: Open}
      Names: {Ref: List}
      Animals: [{Diet: meat}]
      Tags: {here: {Ref: 'ALIYUN::Region'}, there: {'Fn::If': [IsOpen, a, b]}}
Outputs:
  Name: {Value: {'Fn::GetAtt': [Cage, Name]}}
`

func TestCheck(t *testing.T) {
	t.Parallel()
	catalog, err := rosmodel.ParseText([]byte(zooModels))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range []struct{ name, old, new, want string }{
		{"nothing wrong", "", "", ""},
		{"no properties", "    Properties:\n      Name: {Ref: Name}\n      Bars: {Ref: Bars}\n      Open: {Ref: " +
			"Open}\n      Names: {Ref: List}\n      Animals: [{Diet: meat}]\n      Tags: {here: {Ref: " +
			"'ALIYUN::Region'}, there: {'Fn::If': [IsOpen, a, b]}}\n", "",
			"Cage (ALIYUN::Zoo::Cage): property Name is required"},
		{"a required property that is taken away", "Name: {Ref: Name}", "Name: {Ref: 'ALIYUN::NoValue'}",
			"property Name is required"},
		{"a resource without a type", "    Type: ALIYUN::Zoo::Cage\n", "", "Cage: Type is required"},
		{"a deletion policy", "    Type: ALIYUN::Zoo::Cage\n",
			"    Type: ALIYUN::Zoo::Cage\n    DeletionPolicy: Keep\n",
			`DeletionPolicy "Keep" is neither Retain nor Delete`},
		{"a resource's key", "    Type: ALIYUN::Zoo::Cage\n", "    Type: ALIYUN::Zoo::Cage\n    DependOn: Cage\n",
			"DependOn does not exist; did you mean DependsOn?"},
		{"a resource that waits for itself", "    Type: ALIYUN::Zoo::Cage\n",
			"    Type: ALIYUN::Zoo::Cage\n    DependsOn: Cage\n", "Cage: waits for itself: Cage -> Cage"},
		{"properties that are a list", "Animals: [{Diet: meat}]", "Animals: [[Diet]]", "Animals[0] is not a mapping"},
		{"too many entries", "Animals: [{Diet: meat}]", "Animals: [{Diet: meat}, {Diet: meat}, {Diet: meat}]",
			"property Animals is 3 entries; at most 2"},
		{"too few entries", "Animals: [{Diet: meat}]", "Animals: []", "property Animals is 0 entries; at least 1"},
		{"a map that is none", "Tags: {here: {Ref: 'ALIYUN::Region'}, there: {'Fn::If': [IsOpen, a, b]}}", "Tags: [a]",
			"property Tags is a mapping"},
		{"a value of a map", "there: {'Fn::If': [IsOpen, a, b]}", "there: {'Fn::If': [IsOpen, a, 1]}",
			"property Tags.there is a string"},
		{"a text that is too long", "Name: {Ref: Name}", "Name: elephants", "property Name is 9 characters; at most 5"},
		{"a number that is too small", "Bars: {Ref: Bars}", "Bars: 0", "property Bars is 0; at least 1"},
		{"a list for a text", "Name: {Ref: Name}", "Name: {Ref: List}",
			"property Name is a string; this is a list of string"},
		{"a text for a list", "Names: {Ref: List}", "Names: {Ref: Name}", "property Names is a list; this is a string"},
		{"parts for a text", "Name: {Ref: Name}", "Name: {'Fn::Split': [x, {Ref: Name}]}",
			"property Name is a string; this is a list of string"},
		{"a sum for a text", "Name: {Ref: Name}", "Name: {'Fn::Add': [1, 2]}",
			"property Name is a string; this is a number"},
		{"a text for a mapping", "Tags: {here: {Ref: 'ALIYUN::Region'}, there: {'Fn::If': [IsOpen, a, b]}}",
			"Tags: {Ref: Name}", "property Tags is a mapping; this is a string"},
		{"a switch for a number", "Bars: {Ref: Bars}", "Bars: {Ref: Open}",
			"property Bars is a number; this is a boolean"},
		{"a branch too few", "{'Fn::If': [IsOpen, a, b]}", "{'Fn::If': [IsOpen, a]}",
			"Fn::If takes a condition and two values"},
		{"a join of nothing", "Name: {Ref: Name}", "Name: {'Fn::Join': [a]}", "Fn::Join takes a delimiter and a list"},
		{"a substitution", "Name: {Ref: Name}", "Name: {'Fn::Sub': '${Name}'}",
			"Fn::Sub is not supported here: write Fn::Join"},
		{"a selection of what is not there", "Name: {Ref: Name}", "Name: {'Fn::Select': [0, {Ref: Lists}]}",
			`there is no parameter or resource "Lists"; did you mean List?`},
		{"an attribute of nothing", "{'Fn::GetAtt': [Cage, Name]}", "{'Fn::GetAtt': [Cage]}",
			"output Name: Fn::GetAtt takes a resource and an attribute"},
		{"a function beside other keys", "{'Fn::GetAtt': [Cage, Name]}", "{'Fn::GetAtt': [Cage, Name], Also: this}",
			"output Name: Fn::GetAtt stands beside other keys"},
		{"an output without a value", "{Value: {'Fn::GetAtt': [Cage, Name]}}", "{Description: x}",
			"output Name: Value is required"},
		{"an output that is a text", "{Value: {'Fn::GetAtt': [Cage, Name]}}", "x", "output Name: is not a mapping"},
		{"a comparison of one", "{'Fn::Equals': [{Ref: Open}, true]}", "{'Fn::Equals': [{Ref: Open}]}",
			"condition IsOpen: Fn::Equals takes two values"},
		{"a choice of one", "{'Fn::Or': [IsOpen, {'Fn::Not': [{Condition: IsOpen}]}]}", "{'Fn::Or': [IsOpen]}",
			"rule Sense: Fn::Or does not take 1 conditions"},
		{"a condition of an unknown name", "{Condition: IsOpen}", "{Condition: IsOpened}",
			`rule Sense: condition "IsOpened" does not exist; did you mean IsOpen?`},
		{"a rule without assertions",
			"    Assertions:\n      - Assert: {'Fn::Or': [IsOpen, {'Fn::Not': [{Condition: IsOpen}]}]}\n",
			"    RuleCondition: IsOpen\n", "rule Sense: has no Assertions"},
		{"a parameter without a type", "{Type: Number, Default: 4}", "{Default: 4}",
			"parameter Bars: Type is required"},
		{"a parameter of letters and signs", "  List: {", "  Li-st: {",
			"parameter Li-st: a name has letters and digits only"},
		{"a default that is a number", "Default: Lions,", "Default: 1,", "parameter Name: 1 is not a String"},
		{"a default that is none", "Default: 4}", "Default: four}", "parameter Bars: four is not a Number"},
		{"a default that is too long", "Default: Lions,", "Default: Elephants,",
			`parameter Name: "Elephants" is beyond MaxLength`},
		{"a default that is too short", "Default: Lions,", "Default: L,", `parameter Name: "L" is beyond MinLength`},
		{"a pattern that is none", "Default: Lions,", "Default: Lions, AllowedPattern: '(',",
			"parameter Name: AllowedPattern: error parsing regexp"},
		{"a default that is not offered", "Default: Lions,", "Default: Lions, AllowedValues: [Bears],",
			`parameter Name: "Lions" is not among AllowedValues`},
		{"a group without a label", "      - Label: {default: All}\n        Parameters", "      - Parameters",
			"metadata: a group has no Label with a default"},
		{"a group without parameters", "        Parameters: [Name, Bars, Open, List]\n", "",
			"metadata: a group has no Parameters"},
		{"a parameter in two groups", "[Name, Bars, Open, List]", "[Name, Bars, Open, List, Name]",
			`metadata: parameter "Name" is in two groups`},
		{"another version", "'2015-09-01'", "'2016-09-01'", "ROSTemplateFormatVersion is not '2015-09-01'"},
		{"an anchor", "Animals: [{Diet: meat}]", "Animals: [&a {Diet: meat}, *a]",
			"alias *a: ROS does not document aliases"},
		{"a template that is too large", "\nMetadata:", "\nDescription: " + strings.Repeat("x", 524288) + "\nMetadata:",
			"ROS accepts 524288"},
	} {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(zoo, b.old) {
				t.Fatalf("the template has no %q", b.old)
			}
			template, err := rostemplate.Parse([]byte(strings.Replace(zoo, b.old, b.new, 1)))
			if err != nil {
				t.Fatal(err)
			}
			var lines []string
			for _, p := range rostemplate.Check(template, catalog) {
				lines = append(lines, p.String())
			}
			all := strings.Join(lines, "\n")
			if (b.want == "") != (all == "") || !strings.Contains(all, b.want) {
				t.Errorf("reports\n%.1000s\nwant\n%s", all, b.want)
			}
		})
	}
}
