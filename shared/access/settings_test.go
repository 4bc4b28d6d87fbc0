package access_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"community-images/shared/access"
)

var (
	hash1 = fmt.Sprintf("%x", sha256.Sum256([]byte("token-1")))
	hash2 = strings.ToUpper(fmt.Sprintf("%x", sha256.Sum256([]byte("token-2"))))
)

const (
	goodSecret  = "p1A9x-Qw7Zr3Tn5Vb2Ym8Kc4"
	otherSecret = "Zr3Tn5Vb2Ym8Kc4p1A9x-Qw7"
)

func TestEveryMemberOfAToken(t *testing.T) {
	t.Parallel()
	got, err := access.ParseTokens(` [ {"name": "ci", "sha256": "` + hash1 + `"},
		{"sha256": "` + hash2 + `", ` +
		`"name": "team-b", "regions": ["cn-hangzhou", "cn-beijing"], "clusters": ["ehpc-hz-1", "_any"], ` +
		`"expires": "2027-01-31T08:00:00+08:00"} ] `)
	if err != nil {
		t.Fatal(err)
	}
	want := access.Tokens{
		{Hash: sha256.Sum256([]byte("token-1")), Grant: access.Grant{Name: "ci"}},
		{Hash: sha256.Sum256([]byte("token-2")),
			Grant: access.Grant{Name: "team-b", Regions: []string{"cn-hangzhou", "cn-beijing"},
				Clusters: []string{"ehpc-hz-1", "_any"}}},
	}
	if !got[1].Expires.Equal(time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)) {
		t.Error(got[1].Expires)
	}
	got[1].Expires = time.Time{}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
}

func TestEveryMemberOfAKey(t *testing.T) {
	t.Parallel()
	got, err := access.ParseKeys(`[{"name":"cli","id":"CIAK-0001","secret":"` + goodSecret +
		`"},{"name":"b","id":"CIAK-0002","secret":"` + otherSecret + `","regions":["cn-a"],"clusters":["x"]}]`)
	want := access.Keys{
		{ID: "CIAK-0001", Secret: goodSecret, Grant: access.Grant{Name: "cli"}},
		{ID: "CIAK-0002", Secret: otherSecret, Grant: access.Grant{Name: "b", Regions: []string{"cn-a"},
			Clusters: []string{"x"}}},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
}

// marker stands in faulty settings where a secret may stand; no fault shows it.
const marker = "hunter2hunter2"

// Each row is a faulty list of tokens and the whole of its report.
func TestFaultsOfTokens(t *testing.T) {
	t.Parallel()
	good := `"name":"a","sha256":"` + hash1 + `"`
	for _, row := range []struct{ text, says string }{
		{``, "is not JSON: it ends too early"},
		{`[`, "is not JSON: it ends too early"},
		{marker, "is not JSON from byte 1 on"},
		{`[{"name":` + marker + `}]`, "is not JSON from byte 10 on"},
		{`"` + marker + `"`, "is not a JSON array"},
		{`{` + good + `}`, "is not a JSON array"},
		{`null`, "is an empty array; unset it to check nobody"},
		{`[]`, "is an empty array; unset it to check nobody"},
		{`[{` + good + `}]]`, "goes on after the end of the JSON array"},
		{`[{` + good + `}] ` + marker, "goes on after the end of the JSON array"},
		{`["` + marker + `"]`, "entry 1: is not an object with the members name, sha256, regions, clusters, expires"},
		{`[null]`, "entry 1: is not an object with the members name, sha256, regions, clusters, expires"},
		{`[{}]`, "entry 1: name is missing\nentry 1: sha256 is missing"},
		{`[{` + good + `,"` + marker + `":1}]`,
			"entry 1: has a member that is not known; allowed: name, sha256, regions, clusters, expires"},
		{`[{` + good + `,"Clusters":["x"]}]`,
			"entry 1: has a member that is not known; allowed: name, sha256, regions, clusters, expires"},
		{`[{` + good + `,"clusters":["x"],"clusters":["y"]}]`, "entry 1: has clusters more than once"},
		{`[{` + good + `,"clusters":[]}]`, "entry 1: clusters is empty; leave it out to cover all of them"},
		{`[{` + good + `,"clusters":null}]`, "entry 1: clusters is not an array of strings"},
		{`[{` + good + `,"clusters":"` + marker + `"}]`, "entry 1: clusters is not an array of strings"},
		{`[{` + good + `,"clusters":["x",null]}]`, "entry 1: clusters: element 2 is not the id of a cluster or _any"},
		{`[{` + good + `,"clusters":["*"]}]`, "entry 1: clusters: element 1 is not the id of a cluster or _any"},
		{`[{` + good + `,"clusters":["../` + marker + `"]}]`,
			"entry 1: clusters: element 1 is not the id of a cluster or _any"},
		{`[{` + good + `,"clusters":["x","y","x"]}]`, "entry 1: clusters: element 3 is a repetition"},
		{`[{` + good + `,"regions":["CN-A","-a","a-","",".."]}]`, "entry 1: regions: element 1 is not the id of a " +
			"region such as cn-hangzhou\nentry 1: regions: element 2 is not the id of a region such as " +
			"cn-hangzhou\nentry 1: regions: element 3 is not the id of a region such as cn-hangzhou\nentry 1: " +
			"regions: element 4 is not the id of a region such as cn-hangzhou\nentry 1: regions: element 5 is not " +
			"the id of a region such as cn-hangzhou"},
		{`[{` + good + `,"regions":[1]}]`, "entry 1: regions is not an array of strings"},
		{`[{"name":"a","sha256":"` + marker + `"}]`,
			"entry 1: sha256 is not 64 hexadecimal digits; scripts/token prints the entry of a new token"},
		{`[{"name":"a","sha256":"` + hash1[:62] + `"}]`,
			"entry 1: sha256 is not 64 hexadecimal digits; scripts/token prints the entry of a new token"},
		{`[{"name":"","sha256":"` + hash1 + `"}]`,
			"entry 1: name is not 1 to 64 letters, digits, dots, hyphens and underscores"},
		{`[{"name":"` + marker + ` x","sha256":"` + hash1 + `"}]`,
			"entry 1: name is not 1 to 64 letters, digits, dots, hyphens and underscores"},
		{`[{` + good + `,"expires":"2027-01-31"}]`,
			"entry 1: expires is not an RFC 3339 time such as 2027-01-31T00:00:00Z"},
		{`[{` + good + `,"expires":1800000000}]`,
			"entry 1: expires is not a string\nentry 1: expires is not an RFC 3339 time such as 2027-01-31T00:00:00Z"},
		{`[{` + good + `},{"name":"a","sha256":"` + hash2 + `"}]`, "entry 2: name is that of an earlier entry"},
		{`[{` + good + `},{"name":"b","sha256":"` + strings.ToUpper(hash1) + `"}]`,
			"entry 2: sha256 is that of an earlier entry"},
		{`[{},{` + good + `},{"name":"?","sha256":"x","x":1}]`, "entry 1: name is missing\nentry 1: sha256 is " +
			"missing\nentry 3: has a member that is not known; allowed: name, sha256, regions, clusters, " +
			"expires\nentry 3: name is not 1 to 64 letters, digits, dots, hyphens and underscores\nentry 3: sha256 " +
			"is not 64 hexadecimal digits; scripts/token prints the entry of a new token"},
	} {
		list, err := access.ParseTokens(row.text)
		if list != nil || err == nil || err.Error() != row.says {
			t.Errorf("%s\nsays %v\nwant %s", row.text, err, row.says)
		}
		if strings.Contains(fmt.Sprint(err), marker) {
			t.Errorf("%s\nshows what may be a secret: %v", row.text, err)
		}
	}
}

// Each row is a faulty list of keys and the whole of its report.
func TestFaultsOfKeys(t *testing.T) {
	t.Parallel()
	const weak = "entry 1: secret is weak: it must have 24 to 128 printable ASCII characters without spaces, 12 of " +
		"them different; scripts/token -key makes one"
	entry := func(id, secret string) string {
		return `{"name":"` + id + `","id":"` + id + `","secret":"` + secret + `"}`
	}
	for _, row := range []struct{ text, says string }{
		{`[{}]`, "entry 1: name is missing\nentry 1: id is missing\nentry 1: secret is missing"},
		{`[{"name":"a","id":"CIAK-0001","secret":"` + goodSecret + `","expires":"x"}]`,
			"entry 1: has a member that is not known; allowed: name, id, secret, regions, clusters"},
		{`[` + entry("CIAK-0001", marker) + `]`, weak},
		{`[` + entry("CIAK-0001", strings.Repeat("abcdefghijk", 4)) + `]`, weak},
		{`[` + entry("CIAK-0001", goodSecret+" ") + `]`, weak},
		{`[` + entry("CIAK-0001", goodSecret+"ü") + `]`, weak},
		{`[` + entry("CIAK-0001", strings.Repeat(goodSecret, 6)) + `]`, weak},
		{`[` + entry("short", goodSecret) + `]`,
			"entry 1: id is not 8 to 64 letters, digits, dots, hyphens and underscores"},
		{`[{"name":"a","id":"CIAK/0001","secret":"` + goodSecret + `"}]`,
			"entry 1: id is not 8 to 64 letters, digits, dots, hyphens and underscores"},
		{`[{"name":"a","id":"CIAK-0001","secret":1}]`, "entry 1: secret is not a string\n" + weak},
		{`[` + entry("CIAK-0001", goodSecret) + `,` + entry("CIAK-0001", otherSecret) + `]`,
			"entry 2: id is that of an earlier entry\nentry 2: name is that of an earlier entry"},
		{`[` + entry("CIAK-0001", goodSecret) + `,` + entry("CIAK-0002", goodSecret) + `]`,
			"entry 2: secret is used a second time"},
		{`[` + entry(goodSecret, goodSecret) + `]`, "entry 1: secret is used a second time"},
	} {
		list, err := access.ParseKeys(row.text)
		if list != nil || err == nil || err.Error() != row.says {
			t.Errorf("%s\nsays %v\nwant %s", row.text, err, row.says)
		}
		for _, secret := range []string{marker, goodSecret, otherSecret} {
			if strings.Contains(fmt.Sprint(err), secret) {
				t.Errorf("%s\nshows a secret: %v", row.text, err)
			}
		}
	}
}

// FuzzSettings: whatever is accepted keeps the rules, and what is refused
// shows nothing of itself.
func FuzzSettings(f *testing.F) {
	f.Add(`[{"name":"ci","sha256":"`+hash1+`","clusters":["_any"],"expires":"2027-01-31T00:00:00Z"}]`, true)
	f.Add(`[{"name":"cli","id":"CIAK-0001","secret":"`+goodSecret+`","regions":["cn-a"]}]`, false)
	f.Add(`[{"name":null,"sha256":[]},{"clusters":["hunter2hunter2"]},7]`, true)
	f.Add(`{"name":"hunter2hunter2"}`, false)
	// an id that looks like a member
	f.Add(`[{"name":"cli","id":"clusters","secret":"`+goodSecret+`"}]`, false)
	// an escaped member
	f.Add(`[{"name":"regions","sha256":"`+hash1+`","\u0063lusters":["_any"]},{"name":"b","sha256":"`+hash2+`"}]`, true)
	f.Add(`[{"name":"a","sha256":"`+hash1+`","Clusters":["x"]}]`, true)
	f.Add(`[{"name":"a","sha256":"`+hash1+`","clusters":null}]`, true)
	f.Add(`[{"name":"a","sha256":"`+hash1+`","clusters":["x"],"clusters":[]}]`, true)
	f.Add("[{\"name\":\"a\xff\",\"sha256\":\""+hash1+"\",\"cluster\u017f\":[\"hunter2hunter2\"]}]", true)
	f.Add(`[{"hunter2hunter2":{"name":"hunter2hunter2"},"name":"hunter2hunter2","id":"hunter2hunter2",`+
		`"secret":"hunter2hunter2"}] hunter2hunter2`, false)
	f.Add(`[null,[],{},{"name":"a","sha256":"`+hash1+
		`","expires":"hunter2hunter2","regions":["hunter2hunter2","hunter2hunter2","-"]}]`, true)
	f.Fuzz(func(t *testing.T, text string, tokens bool) {
		var grants []access.Grant
		var err error
		if tokens {
			var list access.Tokens
			list, err = access.ParseTokens(text)
			for _, one := range list {
				grants = append(grants, one.Grant)
			}
		} else {
			var list access.Keys
			list, err = access.ParseKeys(text)
			for _, one := range list {
				if len(one.ID) < 8 || len(one.Secret) < 24 {
					t.Errorf("a key with a short id or secret is accepted: %q", text)
				}
				grants = append(grants, one.Grant)
			}
		}
		if (err == nil) == (len(grants) == 0) {
			t.Errorf("%d entries and the error %v", len(grants), err)
		}
		if err != nil && strings.Contains(err.Error(), marker) {
			t.Errorf("%q shows what may be a secret: %v", text, err)
		}
		seen := map[string]bool{}
		var written []map[string]json.RawMessage
		if len(grants) > 0 && json.Unmarshal([]byte(text), &written) != nil {
			t.Errorf("%q is accepted, and is no list", text)
		}
		for i, g := range grants {
			if g.Name == "" || seen[g.Name] {
				t.Errorf("%q: the name %q is empty or used twice", text, g.Name)
			}
			seen[g.Name] = true
			for member, list := range map[string][]string{"regions": g.Regions, "clusters": g.Clusters} {
				if _, limited := written[i][member]; limited != (len(list) > 0) {
					t.Errorf("%q: entry %d has the %s %q", text, i+1, member, list)
				}
			}
		}
	})
}
