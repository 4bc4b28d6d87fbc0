package apierror_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/apierror"
	"community-images/shared/message"
)

func TestAppendJSONWritesTheShapeOfTheAPI(t *testing.T) {
	t.Parallel()
	e := &apierror.Error{
		Status: 404, Code: "ImageNotFound", Message: message.New("no image %s", `"m-1"`),
		Recommend: message.New("Check the ImageId."),
		Members:   []byte(`,"ImageId":"m-1"`), Cause: errors.New("secret"),
	}
	got := string(e.AppendJSON([]byte("x"), "r-1", strings.Repeat("h", 300)))
	want := `x{"RequestId":"r-1","HostId":"` + strings.Repeat("h", 255) + `","Code":"ImageNotFound",` +
		`"Message":"no image \"m-1\"","Recommend":"Check the ImageId.","ImageId":"m-1"}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSetHeaders(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		err  apierror.Error
		want http.Header
	}{
		{"nothing to set", apierror.Error{Status: 400}, http.Header{}},
		{"all of them", apierror.Error{RetryAfter: 5, Allow: "GET, HEAD", Authenticate: "Bearer"}, http.Header{
			"Retry-After": {"5"}, "Allow": {"GET, HEAD"}, "Www-Authenticate": {"Bearer"},
		}},
	} {
		got := http.Header{}
		tc.err.SetHeaders(got)
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
	}
}

func TestErrorUnwrapsToItsCause(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	err := error(&apierror.Error{Code: "InternalError", Message: message.New("An unexpected failure."), Cause: cause})
	if !errors.Is(err, cause) || err.Error() != "InternalError: An unexpected failure." {
		t.Errorf("%v unwraps to %v", err, errors.Unwrap(err))
	}
}
