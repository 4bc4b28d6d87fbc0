package etag_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"community-images/shared/apierror"
	"community-images/shared/query/etag"
	"community-images/shared/query/hint"
)

const abc = "abc" // the ETag of the answer

// TestIfNoneMatch: the caller may send any list of RFC 9110, section 8.8.3.
func TestIfNoneMatch(t *testing.T) {
	t.Parallel()
	plain, gzipped, any := etag.ClientTags{Plain: true}, etag.ClientTags{Gzipped: true}, etag.ClientTags{Any: true}
	for _, row := range []struct {
		about, header string
		want          etag.ClientTags
	}{
		{"another tag", `"abcd"`, etag.ClientTags{}},
		{"the tag of empty text", `""`, etag.ClientTags{}},
		{"an open quote", `"`, etag.ClientTags{}},
		{"a quoted star is a tag", `"*"`, etag.ClientTags{}},
		{"a star in a list is a tag", `*, "x"`, etag.ClientTags{}},
		{"a comma does not end a quoted tag", `"x,abc,y"`, etag.ClientTags{}},
		{"tags differ in case", `"ABC"`, etag.ClientTags{}},
		{"no header", "", etag.ClientTags{}},
		{"commas alone", " , ,", etag.ClientTags{}},
		{"other hints", `"abc-hint-5"`, etag.ClientTags{}},

		{"its tag", `"abc"`, plain},
		{"a weak tag", `W/"abc"`, plain},
		{"one of a list", `"a", W/"b" ,,"abc"`, plain},
		{"a tag without quotes", ` abc `, plain},
		{"one without quotes in a list", `a,abc`, plain},
		{"an unfinished quote", `"abc`, plain},
		{"the compressed answer", `"abc-gzip"`, gzipped},
		{"both answers", `"abc-gzip", "abc"`, etag.ClientTags{Plain: true, Gzipped: true}},
		{"any answer", "*", any},
		{"any answer, with spaces", " * ", any},
	} {
		if got := etag.ParseIfNoneMatch(row.header, abc); got != row.want {
			t.Errorf("%s: %s matches %+v, want %+v", row.about, row.header, got, row.want)
		}
	}
	// An answer without an ETag is always sent as a whole.
	for _, header := range []string{"*", `""`, `"abc"`} {
		if got := etag.ParseIfNoneMatch(header, ""); got != (etag.ClientTags{}) {
			t.Errorf("%s matches an answer without ETag: %+v", header, got)
		}
	}
}

// TestIfMatch: weak tags do not match, and hints are no part of the content.
func TestIfMatch(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		about, header, etag string
		refuses             string // part of the message; empty: the answer is sent
	}{
		{"another answer", `"other"`, abc, "other answers than the present one"},
		{"a weak tag", `W/"abc"`, abc, "other answers than the present one"},
		{"the tag of empty text", `""`, abc, "other answers than the present one"},
		{"an answer without ETag", `"abc"`, "", "the answer has no ETag"},
		{"the tag of empty text, without ETag", `""`, "", "the answer has no ETag"},

		{"no header", "", abc, ""},
		{"its tag", `"abc"`, abc, ""},
		{"one of several", `"other", "abc"`, abc, ""},
		{"a weak tag and its tag", `W/"abc","abc"`, abc, ""},
		{"a tag without quotes", "abc", abc, ""},
		{"the compressed answer", `"abc-gzip"`, abc, ""},
		{"any answer", "*", abc, ""},
		{"any answer, without ETag", "*", "", ""},
		{"an answer that had hints", `"abc-hint-5"`, abc, ""},
		{"an answer that has other hints now", `"abc-hint-5"`, "abc-hint-6", ""},
	} {
		err := etag.CheckIfMatch(row.header, row.etag)
		var refused *apierror.Error
		switch {
		case row.refuses == "":
			if err != nil {
				t.Errorf("%s: %v", row.about, err)
			}
		case !errors.As(err, &refused) || refused.Status != http.StatusPreconditionFailed ||
			refused.Code != "PreconditionFailed" || !strings.Contains(refused.Message.String(), row.refuses):
			t.Errorf("%s: %v, want 412 with %q", row.about, err, row.refuses)
		}
	}
}

// TestMake: parts are separated, and an ETag can stand between quotes.
func TestMake(t *testing.T) {
	t.Parallel()
	seen := map[string][]string{}
	for _, parts := range [][]string{nil, {""}, {"ab"}, {"a", "b"}, {"ab", ""}, {"", "ab"}, {"b", "a"}} {
		tag := etag.Make(parts...)
		if other, known := seen[tag]; known {
			t.Errorf("%q and %q have the ETag %s", parts, other, tag)
		}
		if seen[tag] = parts; len(tag) != 32 || strings.Trim(tag, "0123456789abcdef") != "" {
			t.Errorf("%q has the ETag %s, want 32 hexadecimal digits", parts, tag)
		}
		if hint.TrimETag(tag) != tag || etag.Make(parts...) != tag {
			t.Errorf("%q does not always have the ETag %s", parts, tag)
		}
	}
}

// TestJoinHeaderLines: several lines of a header are one list.
func TestJoinHeaderLines(t *testing.T) {
	t.Parallel()
	h := http.Header{"One": {`"a"`}, "Two": {`"a"`, `W/"abc"`}}
	for name, want := range map[string]string{"None": "", "One": `"a"`, "Two": `"a",W/"abc"`} {
		if got := etag.JoinHeaderLines(h, name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}
