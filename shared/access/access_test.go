package access_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"community-images/shared/access"
)

func TestGrantCoversWhatItNamesAndNothingElse(t *testing.T) {
	t.Parallel()
	all, one := access.Grant{Name: "all"}, access.Grant{Name: "one", Regions: []string{"cn-a"},
		Clusters: []string{"ehpc-1"}}
	two := access.Grant{Clusters: []string{"_any", "ehpc-1"}}
	for _, row := range []struct {
		what string
		got  bool
		want bool
	}{
		{"everything covers any region", all.CoversRegion("cn-z"), true},
		{"everything covers any cluster", all.CoversCluster("x"), true},
		{"everything covers the question without a cluster", all.CoversCluster(""), true},
		{"a region that is named", one.CoversRegion("cn-a"), true},
		{"a region that is not", one.CoversRegion("cn-aa"), false},
		{"a cluster that is named", one.CoversCluster("ehpc-1"), true},
		{"a cluster that is not", one.CoversCluster("ehpc-2"), false},
		{"a cluster in another case", one.CoversCluster("EHPC-1"), false},
		{"the question without a cluster is not implied", one.CoversCluster(""), false},
		{"nor by its name", one.CoversCluster("_any"), false},
		{"unless it is named", two.CoversCluster(""), true},
		{"by either name", two.CoversCluster("_any"), true},
		{"clusters alone leave regions open", two.CoversRegion("cn-z"), true},
	} {
		if row.got != row.want {
			t.Errorf("%s: %v", row.what, row.got)
		}
	}
}

func TestKeysOfGrants(t *testing.T) {
	t.Parallel()
	a := access.Grant{Name: "a", Regions: []string{"x", "y"}, Clusters: []string{"1", "2", "1"}}
	b := access.Grant{Name: "b", Regions: []string{"y", "x"}, Clusters: []string{"2", "1"}}
	if a.Key() != b.Key() {
		t.Errorf("%q and %q cover the same", a.Key(), b.Key())
	}
	if key := (access.Grant{Name: "c"}).Key(); key != "" {
		t.Errorf("everything has the key %q", key)
	}
	seen := map[string]access.Grant{}
	for _, g := range []access.Grant{
		{}, {Regions: []string{"x"}}, {Clusters: []string{"x"}}, {Regions: []string{"x,y"}},
		{Regions: []string{"x", "y"}},
		{Regions: []string{`x","y`}}, {Regions: []string{"x"}, Clusters: []string{"y"}}, {Clusters: []string{"x/y"}},
		{Clusters: []string{"_any"}},
	} {
		if other, ok := seen[g.Key()]; ok {
			t.Errorf("%+v and %+v share the key %q", g, other, g.Key())
		}
		seen[g.Key()] = g
	}
}

func tokens(names ...string) access.Tokens {
	var list access.Tokens
	for _, name := range names {
		list = append(list, access.Token{Hash: sha256.Sum256([]byte("token-" + name)), Grant: access.Grant{Name: name}})
	}
	return list
}

func TestTokensAreFoundByTheirHash(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	list := tokens("a", "b", "c")
	for _, name := range []string{"a", "b", "c"} {
		if g, ok := list.Find("token-"+name, now); !ok || g.Name != name {
			t.Errorf("%s: %v, %v", name, g, ok)
		}
	}
	for _, wrong := range []string{"", "token-", "token-d", "token-aa", "TOKEN-A", string(list[0].Hash[:]),
		fmt.Sprintf("%x", list[0].Hash)} {
		if g, ok := list.Find(wrong, now); ok || g != nil {
			t.Errorf("%q is taken for %v", wrong, g)
		}
	}
	list[1].Expires = now
	if _, ok := list.Find("token-b", now.Add(-time.Second)); !ok {
		t.Error("a token is refused before its end")
	}
	if _, ok := list.Find("token-b", now); ok {
		t.Error("a token is accepted at its end")
	}
	if _, ok := (access.Tokens)(nil).Find("token-a", now); ok {
		t.Error("without tokens one is found")
	}
}

func TestBearer(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		values []string
		token  string
		ok     bool
	}{
		{nil, "", false},
		{[]string{""}, "", false},
		{[]string{"Bearer"}, "", false},
		{[]string{"Bearer "}, "", false},
		{[]string{"Bearer abc"}, "abc", true},
		{[]string{"bEARER abc"}, "abc", true},
		{[]string{"Bearer   abc "}, "abc", true},
		{[]string{"Bearer a-b._~+/c=="}, "a-b._~+/c==", true},
		{[]string{"Bearer a b"}, "", false},
		{[]string{"Bearer a,Bearer b"}, "", false},
		{[]string{"Bearer a", "Bearer a"}, "", false},
		{[]string{"Bearer\tabc"}, "", false},
		{[]string{"Bearer a\x00"}, "", false},
		{[]string{"Bearer ü"}, "", false},
		{[]string{" Bearer abc"}, "", false},
		{[]string{"Basic abc"}, "", false},
		{[]string{"abc"}, "", false},
	} {
		token, ok := access.ParseBearer(row.values)
		if ok != row.ok || ok && token != row.token {
			t.Errorf("%q: %q, %v", row.values, token, ok)
		}
	}
}

func TestTokensInAddressesAreFound(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"": "", "limit=1": "", "a=token": "", "NextToken=1": "", "SecurityToken=1": "", "%zz=1&limit=token": "",
		"token=x": "token", "limit=1&Access_Token=": "Access_Token", "acces%73_token=x&token=y": "access_token",
		"BearerToken=x": "BearerToken", "%zz&api_key": "api_key",
	} {
		if got := access.TokenParameter(query); got != want {
			t.Errorf("%q: %q, want %q", query, got, want)
		}
	}
}

func TestKeysAreFoundAndNeverShown(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t-s3cr3t-s3cr3t"
	keys := access.Keys{{ID: "CIone", Secret: secret, Grant: access.Grant{Name: "one"}}, {ID: "CItwo", Secret: "x"}}
	if s, ok := keys.Secret("CIone"); !ok || s != secret {
		t.Errorf("%q, %v", s, ok)
	}
	if key, ok := keys.Find("CItwo"); !ok || key.ID != "CItwo" {
		t.Errorf("%v, %v", key, ok)
	}
	for _, id := range []string{"", "CI", "CIon", "CIoneX", "cione"} {
		if s, ok := keys.Secret(id); ok || s != "" {
			t.Errorf("%q has the secret %q", id, s)
		}
	}
	coded, err := json.Marshal(keys)
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprintf("%v %+v %#v %s %q %x %s", keys, keys, keys, keys, keys, keys, coded); strings.Contains(text,
		secret) || strings.Contains(text, fmt.Sprintf("%x", secret)) {
		t.Errorf("a secret is printed: %s", text)
	}
}
