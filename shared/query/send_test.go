package query

import (
	"strings"
	"testing"
)

// TestAnswerThatIsTooLarge checks that the error names a parameter of the route.
func TestAnswerThatIsTooLarge(t *testing.T) {
	t.Parallel()
	routes := newRoutes()
	for _, rt := range routes {
		f := answerTooLarge(rt, 1000, 26<<20)
		if len(rt.params) > 3 && !rt.hasParam(f.name) {
			t.Errorf("%s: of %s, which is no parameter, it says %s. Allowed: %s", rt.pattern, f.name, f.reason,
				f.allowed)
		}
		if rt.hasParam("fields") != strings.Contains(f.allowed, "fields") {
			t.Errorf("%s: allowed are %s", rt.pattern, f.allowed)
		}
	}
	if f := answerTooLarge(routes[0], 0, 26<<20); f.name != "limit" ||
		f.reason != "is not given, and all that matches is 26 MB; the most is 23 MB" {
		t.Errorf("%s: parameter %s %s", routes[0].pattern, f.name, f.reason)
	}
	if f := answerTooLarge(routes[0], 1000, 26<<20); f.name != "limit" ||
		f.reason != "makes an answer of 26 MB; the limit is 23 MB" {
		t.Errorf("%s: parameter %s %s", routes[0].pattern, f.name, f.reason)
	}
}
