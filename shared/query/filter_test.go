package query_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestExpressionsAreBoundedTogether checks that a caller cannot choose how long a
// lookup takes. What is refused is refused before any of it is done.
func TestExpressionsAreBoundedTogether(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	var objects []string
	for i := range 4000 {
		name := fmt.Sprintf("linux_CentOS7.9_LAMMPS_29Sep2021_%d_and_a_tail_that_is_rather_long", i)
		objects = append(objects, fmt.Sprintf(
			`{"ImageId":"m-%d","ImageName":%q,"Description":"one of two %d","Status":"Available"}`, i, name, i%2))
	}
	all := parseImages(t, objects...)
	w.CommitRun(hangzhou, content{"_any/_any": all, "ehpc-a/_any": all[:40]})
	h := w.Handler()
	heavy := url.QueryEscape("(.*){300}Z")
	for _, row := range []struct {
		name, query string
		refused     string // parameter
	}{
		{"an expression that people write", "ImageName__regex=" +
			url.QueryEscape(`.*CentOS[78]\.[0-9]+_(LAMMPS|GROMACS|OpenFOAM).*`), ""},
		{"a list of them", "ImageName__iregex=" + url.QueryEscape(strings.Repeat(`.*lammps.*\,.+,`, 20)+"x"), ""},
		{"as many wildcards as forty for 10,000 images", "ImageName__iglob=" +
			strings.TrimSuffix(strings.Repeat("*centos?.9*lammps*,", 100), ","), ""},
		{"a large one", "ImageName__regex=" + heavy, "ImageName__regex"},
		{"a large one of few images", "ClusterId=ehpc-a&ImageName__regex=" + heavy, ""},
		{"a large one of named images", "ImageId=m-1,m-2&ImageName__regex=" + heavy, ""},
		{"a large one of a field with two values", "Description__regex=" + heavy, ""},
		{"a list of wildcards", "ImageName__glob=" +
			strings.TrimSuffix(strings.Repeat(strings.Repeat("*n", 250)+",", 7), ","), "ImageName__glob"},
		{"several that are fine one by one",
			"ImageName__regex=(.*)%7B120%7DZ&ImageName__iregex=(.*)%7B120%7DZ&ImageName__iglob=" +
				strings.Repeat("*Z", 100), "ImageName__iglob"},
		{"of a matrix", "ImageName__regex=" + heavy, "ImageName__regex"},
	} {
		target := "/v1/images?format=ids&" + row.query
		if row.name == "of a matrix" {
			target = "/v1/matrix?ClusterId=_any&" + row.query
		}
		began := time.Now()
		rec := get(h, target)
		if row.refused == "" {
			if rec.Code != 200 {
				t.Errorf("%s: %d %s", row.name, rec.Code, rec.Body)
			}
			continue
		}
		checkError(t, rec, 400, "InvalidParameter",
			[]string{row.refused + " is too large an expression for 4000 images. Allowed: a smaller expression"})
		if took := time.Since(began); took > time.Second {
			t.Errorf("%s: it is refused after %v", row.name, took)
		}
	}
}

// TestExpressionsAreBoundedInMemory checks the limit of what is compiled. Compiled
// expressions are hundreds of times as long as they are written, and parsed
// lookups are remembered.
func TestExpressionsAreBoundedInMemory(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler()
	list := func(pattern string, n int) string { return strings.TrimSuffix(strings.Repeat(pattern+",", n), ",") }
	for _, row := range []struct {
		name, query string
		refused     string // parameter
	}{
		{"two hundred that people write", "ImageName__iglob=" + list("*linux*7.9*", 200), ""},
		{"two hundred of another kind", "ImageName__regex=" + list("m-[a-z]+7", 200), ""},
		{"two hundred that are large", "ImageName__regex=" + list("(.*){300}", 200), "ImageName__regex"},
		{"of which one condition has a part", "Description__regex=" + list("(.*){300}", 6) + "&ImageName__regex=" +
			list("(.*){300}", 6), "ImageName__regex"},
	} {
		rec := get(h, "/v1/images?"+row.query)
		if row.refused == "" {
			if rec.Code != 200 {
				t.Errorf("%s: %d %s", row.name, rec.Code, rec.Body)
			}
			continue
		}
		checkError(t, rec, 400, "InvalidParameter", []string{row.refused + " exceeds what the expressions of one " +
			"lookup may cost. Use fewer or smaller ones. Allowed: an RE2 expression"})
	}
}
