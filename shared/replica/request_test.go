package replica

import "testing"

// TestParameterNamesMatchInAnyCase checks that names are compared as lookups
// compare texts: letter by letter, and İ is no i.
func TestParameterNamesMatchInAnyCase(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"REGIONID": "RegionId", "clusterId": "ClusterId", "AT": "at", "ba\u017feostag": "BaseOsTag",
		"RegİonId": "RegİonId", "actıon": "actıon", "Region": "Region",
	} {
		params := map[string]string{}
		if err := parseEncodedPairs(params, query+"=1"); err != nil || params[want] != "1" {
			t.Errorf("%s gives %v, %v, want %s", query, params, err, want)
		}
	}
}
