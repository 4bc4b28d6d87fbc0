package subscription_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"community-images/shared/apierror"
	"community-images/shared/catalog"
	"community-images/shared/jsonschematest"
	"community-images/shared/notify/notifytest"
	"community-images/shared/notify/subscription"
	"community-images/shared/query/field"
	"community-images/shared/query/filter"
	"community-images/shared/query/request"
)

// withFilter returns a file with one subscription.
func withFilter(filter string) string { return string(notifytest.FileWithFilter(filter)) }

// parseFilter parses a filter in a file of its own.
func parseFilter(filter string) (*subscription.Filter, error) {
	list, err := subscription.Parse([]byte(withFilter(filter)), subscription.Options{})
	if err != nil {
		return nil, err
	}
	return &list[0].Filter, nil
}

// parseImage returns an image.
func parseImage(t testing.TB, object string) *catalog.Image {
	t.Helper()
	im, err := catalog.ParseImage([]byte(object))
	if err != nil {
		t.Fatal(err)
	}
	return im
}

// TestConditions: a value matches as in /v1/images, a glob the whole value. notifytest has a
// condition for each operator.
func TestConditions(t *testing.T) {
	t.Parallel()
	im := parseImage(t, `{"ImageId":"m-1","ImageName":"linux_CentOS7/base","Status":"Available",`+
		`"OsTag":{"Platform":"CentOS"}}`)
	for filter, want := range map[string]bool{
		`{}`: true, `{"OsTag.Platform":"centos"}`: true, `{"OsTag.Platform":["Rocky","CentOS"]}`: true,
		`{"OsTag.Platform":"Rocky"}`: false, `{"ImageName":"linux_CentOS7/base"}`: true,
		`{"ImageName":"linux_centos7/base"}`: false,
		`{"ImageName__glob":"linux_*"}`:      true, `{"ImageName__glob":"CentOS*"}`: false,
		`{"ImageName__glob":"*CentOS[78]?base"}`: true, `{"Status__glob":"avail*"}`: true,
		`{"ImageName__glob":"linux_*","Status":"UnAvailable"}`: false, `{"Description":"x"}`: false,
		`{"q":"BASE linux, m-1"}`: true, `{"q":["base","rocky"]}`: false, `{"q":"available"}`: false,
	} {
		if got := notifytest.ParseFilter(t, filter).Filter.Matches(im); got != want {
			t.Errorf("%s: %v", filter, got)
		}
	}
}

// TestChangedFields: an object stands for its fields, and a change of a whole object for each.
func TestChangedFields(t *testing.T) {
	t.Parallel()
	f := notifytest.ParseFilter(t, `{"changedField":"size,ostag,BaseOsTag.Version"}`)
	for field, want := range map[string]bool{
		"Size": true, "OsTag.Version": true, "OsTag": true, "BaseOsTag.Version": true, "BaseOsTag": true,
		"BaseOsTag.Platform": false, "Status": false, "SizeOfDisk": false,
	} {
		if f.HasField(field) != want {
			t.Errorf("a change of %s counts: %v", field, !want)
		}
	}
}

// TestFaultsOfFiltersAreThoseOfLookups: what is wrong with a parameter is said as /v1/images says
// it.
func TestFaultsOfFiltersAreThoseOfLookups(t *testing.T) {
	t.Parallel()
	config := &request.Config{Schema: field.NewSchema(nil)}
	for name, value := range map[string]string{
		"Size__gt": "big", "Size__prefix": "4", "Size__lt": "1,2", "Size": "", "Status": "a,,b",
		"Status__exists":     "yes",
		"OsTag.Version__gte": "latest", "OsTag.Version__ge": "7", "ImageName": "*centos*", "ImageName__regex": "a(",
		"ImageName__glob": "[z-a]", "ImageName__like": "x", "Description__regex": "((.*){900})(.*){900}",
		"Description__contains": "a\nb", "q": ", ", "InstanceType": "a/b", "ImageId": strings.Repeat("m,", 201) + "m",
	} {
		_, err := request.Parse(config, images(), request.Raw{Query: url.Values{name: {value}}.Encode()})
		var want *apierror.Error
		if !errors.As(err, &want) {
			t.Fatalf("%s=%s: %v", name, value, err)
		}
		text, _ := json.Marshal(map[string]string{name: value})
		_, err = parseFilter(string(text))
		var fault *subscription.Fault
		if !errors.As(err, &fault) {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got := strings.TrimPrefix(fault.Path, "Subscriptions[0].Filter.") + " " + fault.Reason
		if !strings.HasSuffix(got, "?") {
			got += "."
		}
		if fault.Allowed != "" {
			got += " Allowed: " + fault.Allowed + "."
		}
		if got != want.Message.String() {
			t.Errorf("%s:\n%s\n/v1/images says\n%s", text, got, want.Message)
		}
	}
}

// TestWhatAFilterCannotHave: the fault says why.
func TestWhatAFilterCannotHave(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"sort": "A subscription is told of every image", "Limit": "A subscription is told of every image",
		"latestBy": "A subscription is told of every image", "at": "A subscription is told of each commit once",
		"maxAge": "A subscription is told of each commit once", "format": "is about the form of an answer",
		"FirstSeen__gte": "is the time of a commit", "changedat": "is the time of a commit",
	} {
		_, err := parseFilter(`{"` + name + `":"-1d"}`)
		text := fmt.Sprint(err)
		if !strings.HasPrefix(text, "Subscriptions[0].Filter."+name+": ") || !strings.Contains(text, want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	for _, name := range []string{"with", "rowsBy", "Kinds"} {
		_, err := parseFilter(`{"` + name + `":"x"}`)
		if !strings.Contains(fmt.Sprint(err), "is not a parameter of the filter") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestExpressionsOfAFile: together they cost no more than those of one lookup may.
func TestExpressionsOfAFile(t *testing.T) {
	t.Parallel()
	large := `"Filter":{"ImageName__regex":"(.*){300}"}`
	var entries []string
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		entries = append(entries, `{"Name":"`+name+`","Kind":"slack","Url":"https://h/x",`+large+`}`)
	}
	parse := func(n int) error {
		_, err := subscription.Parse(notifytest.File(entries[:n]...), subscription.Options{})
		return err
	}
	if err := parse(6); err != nil {
		t.Error(err)
	}
	const want = "Subscriptions[6].Filter: exceeds what the expressions of one file may cost"
	if err := parse(7); !strings.HasPrefix(fmt.Sprint(err), want) {
		t.Errorf("seven: %v", err)
	}
}

// TestSchemaHasEveryOperator: the schema takes exactly the filters by fields that a run takes.
func TestSchemaHasEveryOperator(t *testing.T) {
	t.Parallel()
	schema := jsonschematest.Compile(t, "../notify.schema.json")
	operators := append(filter.OperatorNames(field.TextKind), "in", "igt", "")
	for _, f := range field.NewSchema(nil).Fields {
		for _, op := range operators {
			name, value := f.Name, "7"
			if op != "" {
				name += "__" + op
			}
			if op == "exists" {
				value = "true"
			}
			text := `{"` + name + `":["` + value + `"]}`
			_, err := parseFilter(text)
			if refusal := schema.Validate(withFilter(text)); (refusal != nil) != (err != nil) {
				t.Errorf("%s: the schema says %v, a run says %v", text, refusal, err)
			}
		}
	}
}

// FuzzFilters: a filter by a field, or by words, is taken exactly if /v1/images takes it, and finds
// the same in an image.
func FuzzFilters(f *testing.F) {
	f.Add("Size__GT", "40", "")
	f.Add("ImageName__iregex", `linux\\d{1\,2}`, "linux,x")
	f.Add("q", "linux  m-1", "")
	f.Add("basetag", "", "a")
	f.Add("ImageId", "m-1,m-2", "m-1")
	im := parseImage(f, `{"ImageId":"m-1","ImageName":"linux_CentOS7/base","Size":40,"OsTag":{"Version":"7.10"}}`)
	config := &request.Config{Schema: field.NewSchema(nil)}
	f.Fuzz(func(t *testing.T, name, first, second string) {
		base, _, _ := strings.Cut(name, "__")
		of := config.Schema.FieldNamed(base)
		isFilter := of != nil && !of.IsDerived || of == nil && strings.EqualFold(name, "q")
		if !isFilter || !utf8.ValidString(name+first+second) {
			return
		}
		text, err := json.Marshal(map[string][]string{name: {first, second}})
		if err != nil {
			t.Fatal(err)
		}
		if canonical, err := catalog.Canonical(text); err != nil || len(canonical) > 4000 {
			return
		}
		query := url.Values{name: {first, second}}.Encode()
		want, lookupErr := request.Parse(config, images(), request.Raw{Query: query})
		got, err := parseFilter(string(text))
		if (err != nil) != (lookupErr != nil) {
			t.Fatalf("%s: %v, /v1/images says %v", text, err, lookupErr)
		}
		if err == nil && (len(got.Conditions) != len(want.Conditions) || !slices.Equal(got.ImageIDs, want.ImageIDs) ||
			len(got.Words) != len(want.SearchWords)) {
			t.Fatalf("%s is read as %+v, by /v1/images as %+v", text, got, want)
		}
		if err == nil && len(got.Conditions) == 1 && got.Matches(im) != want.Conditions[0].Test(of.ValueOf(im)) {
			t.Fatalf("%s matches %s: %v", text, im.Raw, got.Matches(im))
		}
	})
}

// images is the route whose filters subscriptions have.
func images() *request.Route {
	routes := request.Routes()
	return routes[slices.IndexFunc(routes, func(r *request.Route) bool { return r.Pattern == "/v1/images" })]
}
