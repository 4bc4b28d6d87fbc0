package ehpc_test

import (
	"context"
	"net/http"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/catalog"
	"community-images/shared/ehpc"
)

func TestSampleOfTheReferencePage(t *testing.T) {
	t.Parallel()
	sample, err := os.ReadFile("testdata/sample.json")
	if err != nil {
		t.Fatal(err)
	}
	a, err := connect(t, fixed(string(sample)), ehpc.Options{}).ListCommunityImages(context.Background(), here)
	if err != nil {
		t.Fatal(err)
	}
	if a.RequestID != "04F0F334-1335-436C-A1D7-6C044FE73368" {
		t.Errorf("request id is %q", a.RequestID)
	}
	images, err := a.Decode(new(catalog.Interner))
	if err != nil {
		t.Fatal(err)
	}
	want := []*catalog.Image{{
		Raw: `{"BaseOsTag":{"Architecture":"x86_64","OsTag":"CentOS_7.2_64","Platform":"CentOS","Version":"7.2"},` +
			`"Description":"ExampleDescription",` +
			`"ImageId":"m-bp181x855551ww5yq****","ImageName":"linux_CentOS7.2_OceanBase_OBD_1ECS-3OB_3.0",` +
			`"ImageOwnerAlias":"self",` +
			`"OsTag":{"Architecture":"x86_64","BaseOsTag":"CentOS_7.2_64","OsTag":"CentOS_7.2_64","Platform":"CentOS",` +
			`"Version":"7.2"},` +
			`"PostInstallScript":"example.sh","PricingCycle":"Month","ProductCode":"cmjj028279","Size":40,"SkuCode":"ECS",` +
			`"Status":"Available","Uid":"127****"}`,
		ImageID: "m-bp181x855551ww5yq****", Number: 1,
	}}
	if diff := cmp.Diff(want, images); diff != "" {
		t.Error(diff)
	}
}

func TestFingerprintsFollowTheImagesAlone(t *testing.T) {
	t.Parallel()
	print := func(body string) string {
		a, err := connect(t, fixed(body), ehpc.Options{}).ListCommunityImages(context.Background(), here)
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		return a.Fingerprint
	}
	const images = `{"ImageInfo":[{"ImageId":"m-1"}]}`
	want := print(`{"RequestId":"A","Images":` + images + `}`)
	for _, body := range []string{
		`{"RequestId":"B-2","Images":` + images + `}`,
		`{"Images":` + images + `,"RequestId":"C"}`,
		`{"Images":` + images + `}`,
		"\n{ \"RequestId\" : \"D\" ,\n\"Images\" : " + images + " }\n",
		`{"RequestId":"an \" odd one","Images":` + images + `}`,
		`{"RequestId":"E","Images":` + images + `,"TotalCount":1}`,
		`{"TotalCount":1,"Images":` + images + `}`,
	} {
		if got := print(body); got != want {
			t.Errorf("%s has another fingerprint", body)
		}
	}
	if got := print(`{"RequestId":"A","Images":{"ImageInfo":[{"ImageId":"m-2"}]}}`); got == want {
		t.Error("other images have the same fingerprint")
	}
}

// oneImage is the Images member of an answer with one image.
const oneImage = `{"ImageInfo":[{"ImageId":"m-1"}]}`

func TestAnswersThatAreNotOfTheDocumentedShape(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"nothing":                " ",
		"null":                   "null",
		"an array":               `[{"ImageId":"m-1"}]`,
		"HTML":                   "<html><body>502</body></html>",
		"no Images":              `{"RequestId":"r"}`,
		"Images is null":         `{"RequestId":"r","Images":null}`,
		"Images is empty":        `{"RequestId":"r","Images":{}}`,
		"Images is an array":     `{"RequestId":"r","Images":[{"ImageId":"m-1"}]}`,
		"Images in lower case":   `{"RequestId":"r","images":{"ImageInfo":[]}}`,
		"ImageInfo is null":      `{"RequestId":"r","Images":{"ImageInfo":null}}`,
		"ImageInfo is an object": `{"RequestId":"r","Images":{"ImageInfo":{}}}`,
		"ImageInfo is text":      `{"RequestId":"r","Images":{"ImageInfo":"[]"}}`,
		"an entry is null":       `{"RequestId":"r","Images":{"ImageInfo":[null]}}`,
		"an entry has no id": `{"RequestId":"r","Images":{"ImageInfo":[{"ImageId":"m-1"},` +
			`{"Status":"Available"}]}}`,
		"cut in the middle":        `{"RequestId":"r","Images":{"ImageInfo":[{"ImageId":"m-1"},{"Imag`,
		"cut before the end":       `{"RequestId":"r","Images":{"ImageInfo":[]}`,
		"cut inside, end in place": `{"RequestId":"r","Images":{"ImageInfo":[{"ImageId":"m-1]}}`,
		"something after the end":  `{"RequestId":"r","Images":{"ImageInfo":[]}}}`,
		"a second answer after the first": `{"RequestId":"r","Images":{"ImageInfo":[]}}{"RequestId":"r",` +
			`"Images":{"ImageInfo":[]}}`,
		"Images twice": `{"RequestId":"r","Images":{"ImageInfo":[]},` +
			`"Images":{"ImageInfo":[{"ImageId":"m-1"}]}}`,
		"ImageInfo twice":                      `{"RequestId":"r","Images":{"ImageInfo":[],"ImageInfo":[{"ImageId":"m-1"}]}}`,
		"an error in a 200":                    `{"RequestId":"r","Code":"SomethingNew","Message":"m"}`,
		"an error after the images":            `{"RequestId":"r","Images":{"ImageInfo":[]},"Code":"SomethingNew"}`,
		"an error disguised as images":         `{"RequestId":"r","Images":{"ImageInfo":[]},"Code":{"ImageInfo":[]}}`,
		"a comma too many":                     `{"RequestId":"r","Images":{"ImageInfo":[{"ImageId":"m-1"},]}}`,
		"the list ends in the string of an id": `{"Images":{"ImageInfo":[]},"RequestId":"r\"}`,
		"Latin-1 in an id":                     "{\"RequestId\":\"r\",\"Images\":{\"ImageInfo\":[{\"ImageId\":\"m-\xe4\"}]}}",
		"half of a surrogate pair in an id":    `{"RequestId":"r","Images":{"ImageInfo":[{"ImageId":"m-\ud800"}]}}`,
		"an id twice in an image":              `{"RequestId":"r","Images":{"ImageInfo":[{"ImageId":"a","ImageId":"b"}]}}`,
		"a member twice in an object of an image": `{"RequestId":"r","Images":{"ImageInfo":[` +
			`{"ImageId":"a","OsTag":{"Version":"7","Version":"8"}}]}}`,
		"TotalCount is larger":           `{"RequestId":"r","TotalCount":5,"Images":` + oneImage + `}`,
		"TotalCount is larger, as text":  `{"RequestId":"r","TotalCount":"5","Images":` + oneImage + `}`,
		"TotalCount is smaller":          `{"RequestId":"r","Images":` + oneImage + `,"TotalCount":0}`,
		"TotalCount is larger, in front": `{"TotalCount":5,"Images":` + oneImage + `,"RequestId":"r"}`,
		"totalCount in lower case":       `{"RequestId":"r","totalCount":5,"Images":` + oneImage + `}`,
		"TotalCount is no number":        `{"RequestId":"r","TotalCount":{},"Images":` + oneImage + `}`,
		"TotalCount within Images":       `{"RequestId":"r","Images":{"TotalCount":2,"ImageInfo":[{"ImageId":"m-1"}]}}`,
		"TotalCount after ImageInfo":     `{"RequestId":"r","Images":{"ImageInfo":[{"ImageId":"m-1"}],"TotalCount":2}}`,
		"NextToken":                      `{"RequestId":"r","NextToken":"AAAA","Images":` + oneImage + `}`,
		"NextToken beside an array":      `{"RequestId":"r","Images":` + oneImage + `,"NextToken":"A","X":{"ImageInfo":[]}}`,
		"NextToken within Images":        `{"RequestId":"r","Images":{"ImageInfo":[],"NextToken":"x"}}`,
		"IsTruncated":                    `{"RequestId":"r","IsTruncated":true,"Images":` + oneImage + `}`,
		"a later page":                   `{"RequestId":"r","PageNumber":2,"Images":` + oneImage + `}`,
	} {
		images, err := ask(connect(t, fixed(body), ehpc.Options{}), here)
		if err == nil {
			t.Errorf("%s: taken for %d images", name, len(images))
			continue
		}
		if e := fault(t, err); e.Class != ehpc.Malformed || e.Status != http.StatusOK || e.Code == "" {
			t.Errorf("%s: %+v", name, e)
		}
	}
	if images, err := ask(connect(t, fixed(`{"RequestId":"r","Images":{"ImageInfo":[]}}`), ehpc.Options{}),
		here); err != nil || len(images) != 0 {
		t.Errorf("an empty list: %v, %v", images, err)
	}
}

// An answer that says that it is one part of a list must be refused even if its images
// are known already, and so are not decoded.
func TestPartOfAListIsRefusedBeforeItIsDecoded(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"RequestId":"r","TotalCount":5,"Images":` + oneImage + `}`,
		`{"RequestId":"r","NextToken":"x","Images":` + oneImage + `}`,
	} {
		a, err := connect(t, fixed(body), ehpc.Options{}).ListCommunityImages(context.Background(), here)
		if err == nil {
			t.Errorf("%s: has fingerprint %s", body, a.Fingerprint)
		} else if e := fault(t, err); e.Class != ehpc.Malformed || e.Reason() == "" {
			t.Errorf("%s: %+v", body, e)
		}
	}
}

// An answer may say that it is the whole list.
func TestAnswersThatSayTheyAreWhole(t *testing.T) {
	t.Parallel()
	for _, rest := range []string{
		`"TotalCount":1`, `"TotalCount":"1"`, `"TotalCount":null`, `"NextToken":""`, `"NextToken":null`,
		`"IsTruncated":false`, `"PageNumber":1,"PageSize":50,"TotalCount":1`, `"PageNumber":0`, `"MaxResults":100`,
	} {
		images, err := ask(connect(t, fixed(`{"RequestId":"r","Images":`+oneImage+`,`+rest+`}`), ehpc.Options{}), here)
		if err != nil || len(images) != 1 {
			t.Errorf("%s: %d images, %v", rest, len(images), err)
		}
	}
}
