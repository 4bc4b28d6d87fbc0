package rampolicy_test

import (
	"slices"
	"strings"
	"testing"

	"community-images/scripts/check/rampolicy"
)

const policy = `{"Version":"1","Statement":[
	{"Effect":"Allow","Action":["oss:GetObject","oss:Put?bject"],"Resource":["acs:oss:*:*:b/p/*"]},
	{"Effect":"Allow","Action":["oss:ListObjects"],"Resource":["acs:oss:*:*:b"],
		"Condition":{"StringLike":{"oss:Prefix":["p/*","q"]}}}]}`

func TestAllows(t *testing.T) {
	t.Parallel()
	p, err := rampolicy.Parse([]byte(policy))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []struct {
		name             string
		action, resource string
		prefix           string // "-": none is given
		want             bool
	}{
		{"a key below the prefix", "oss:GetObject", "acs:oss:cn-hangzhou:1:b/p/x/y", "-", true},
		{"another bucket of a like name", "oss:GetObject", "acs:oss:cn-hangzhou:1:b2/p/x", "-", false},
		{"a prefix of a like name", "oss:GetObject", "acs:oss:cn-hangzhou:1:b/p2/x", "-", false},
		{"the prefix itself", "oss:GetObject", "acs:oss:cn-hangzhou:1:b/p", "-", false},
		{"an action with a question mark", "oss:PutObject", "acs:oss:cn-hangzhou:1:b/p/x", "-", true},
		{"an action that only begins alike", "oss:GetObjectAcl", "acs:oss:cn-hangzhou:1:b/p/x", "-", false},
		{"a list below the prefix", "oss:ListObjects", "acs:oss:cn-hangzhou:1:b", "p/v1/", true},
		{"a list of the other prefix", "oss:ListObjects", "acs:oss:cn-hangzhou:1:b", "q", true},
		{"a list of everything", "oss:ListObjects", "acs:oss:cn-hangzhou:1:b", "", false},
		{"a list without a prefix", "oss:ListObjects", "acs:oss:cn-hangzhou:1:b", "-", false},
	} {
		request := rampolicy.Request{Action: r.action, Resource: r.resource,
			Context: map[string]string{"oss:Prefix": r.prefix}}
		if r.prefix == "-" {
			request.Context = nil
		}
		if got := len(p.Allows(request)) > 0; got != r.want {
			t.Errorf("%s: allowed is %v", r.name, got)
		}
	}
	want := []rampolicy.Grant{{"oss:GetObject", "acs:oss:*:*:b/p/*"}, {"oss:Put?bject", "acs:oss:*:*:b/p/*"},
		{"oss:ListObjects", "acs:oss:*:*:b"}}
	if got := p.Grants(); !slices.Equal(got, want) {
		t.Errorf("grants are %q", got)
	}
}

func TestPoliciesThatAreNotUnderstood(t *testing.T) {
	t.Parallel()
	for want, change := range map[string][2]string{
		"version":               {`"1"`, `"2"`},
		`effect "Deny"`:         {"Allow", "Deny"},
		"no resource":           {`["acs:oss:*:*:b"]`, `[]`},
		`condition "IpAddress"`: {"StringLike", "IpAddress"},
		"unknown field":         {`"Action":["oss:ListObjects"]`, `"NotAction":["oss:ListObjects"]`},
		"cannot unmarshal":      {`["oss:ListObjects"]`, `"oss:ListObjects"`},
	} {
		if _, err := rampolicy.Parse([]byte(strings.Replace(policy, change[0], change[1], 1))); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := rampolicy.Parse([]byte(policy + "{}")); err == nil {
		t.Error("two documents are read as one")
	}
}
