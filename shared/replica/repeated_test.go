package replica_test

import (
	"net/url"
	"strings"
	"testing"
)

// TestParameterThatMayHaveBeenGivenTwice: FC joins the values of a repeated
// parameter by commas. Every parameter takes one value. In BaseOsTag a comma can
// be escaped.
func TestParameterThatMayHaveBeenGivenTwice(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.run(hangzhou, content{"_any/_any": {cent72, `{"ImageId":"m-comma","BaseOsTag":"a,b"}`}, "ehpc-a/_any": {cent72}},
		clusterA)
	h := w.replica()
	for _, name := range []string{"Action", "Version", "Format", "SecurityToken", "at", "RegionId", "ClusterId",
		"InstanceType", "BaseOsTag", "PageNumber", "PageSize"} {
		for _, value := range []string{"a,a", "ehpc-a,ehpc-a", "1,2", "CentOS_7.2_64,CentOS_7.2_64", ",", "a,"} {
			for _, action := range []string{list, clusters} {
				query, err := url.ParseQuery(action)
				if err != nil {
					t.Fatal(err)
				}
				query.Del(name)
				query.Set(strings.ToLower(name), value)
				rec := ask(h, "GET /?"+query.Encode())
				if body := rec.Body.String(); rec.Code != 400 || code(t, rec) != "InvalidParameter" ||
					!strings.Contains(body, name+" takes one value and has a comma: it may have been given twice") {
					t.Errorf("%s=%s: %d %s", name, value, rec.Code, body)
				}
			}
		}
	}
	if rec := ask(h, "GET /?"+list+"&Format=XML&format=XML"); !strings.HasPrefix(rec.Body.String(), "<?xml") {
		t.Errorf("an error in the format that was asked for twice: %s", rec.Body)
	}
	if rec := ask(h, "GET /?"+list+"&Format=XML,XML"); !strings.HasPrefix(rec.Body.String(), "<?xml") {
		t.Errorf("an error in the format that was asked for twice and joined: %s", rec.Body)
	}
	if rec := ask(h, `GET /?`+list+`&BaseOsTag=a%5C,b`); rec.Code != 200 ||
		!strings.Contains(rec.Body.String(), "m-comma") || strings.Contains(rec.Body.String(), "m-cent72") {
		t.Errorf("a comma that is escaped: %d %s", rec.Code, rec.Body)
	}
}
