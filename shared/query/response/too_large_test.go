package response

import (
	"strings"
	"testing"

	"community-images/shared/query/request"
)

// TestAnswerThatIsTooLarge checks that the error names a parameter of the route.
func TestAnswerThatIsTooLarge(t *testing.T) {
	t.Parallel()
	routes := request.Routes()
	for _, rt := range routes {
		f := answerTooLarge(rt, 1000, 26<<20)
		if len(rt.Params) > 3 && !rt.HasParam(f.Name) {
			t.Errorf("%s: of %s, which is no parameter, it says %s. Allowed: %s", rt.Pattern, f.Name, f.Reason,
				f.Allowed)
		}
		if rt.HasParam("fields") != strings.Contains(f.Allowed.String(), "fields") {
			t.Errorf("%s: allowed are %s", rt.Pattern, f.Allowed)
		}
	}
	if f := answerTooLarge(routes[0], 0, 26<<20); f.Name != "limit" ||
		f.Reason.String() != "is not given, and all that matches is 26 MB; the most is 23 MB" {
		t.Errorf("%s: parameter %s %s", routes[0].Pattern, f.Name, f.Reason)
	}
	if f := answerTooLarge(routes[0], 1000, 26<<20); f.Name != "limit" ||
		f.Reason.String() != "makes an answer of 26 MB; the limit is 23 MB" {
		t.Errorf("%s: parameter %s %s", routes[0].Pattern, f.Name, f.Reason)
	}
}
