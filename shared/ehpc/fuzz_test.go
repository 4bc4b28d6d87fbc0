package ehpc

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"community-images/shared/catalog"
	"community-images/shared/cloud"
	"community-images/shared/cloud/rpc"
)

// What cutImages and Images make of a body agrees with a reading of the whole:
// a body that a strict parser refuses is never accepted, one that it accepts
// always is, with the same images, and a fingerprint stands for one list.
func FuzzImages(f *testing.F) {
	sample, err := os.ReadFile("testdata/sample.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, body := range []string{
		string(sample),
		`{"RequestId":"r","Images":{"ImageInfo":[{"ImageId":"m-1"}]}}`,
		`{"Images":{"ImageInfo":[{"ImageId":"m-1"}]},"RequestId":"r"}`,
		`{"RequestId":"r","Images":{"ImageInfo":[]},"Code":{"a":[]}}`,
		`{"Images":{"ImageInfo":[]},"X":{"Y":[]},"RequestId":"r"}`,
		`{"Images":{"ImageInfo":[{"ImageId":"]},"}]},"RequestId":"r"}`,
		`{"RequestId":"","Images":{"ImageInfo":[{"ImageId":"m-1","ImageInfo":[]}]}}`,
		// an id that stands elsewhere, too
		`{"RequestId":"Images","Images":{"ImageInfo":[{"ImageId":"Images","Images":"RequestId"}]}}`,
		`{"Images":{"ImageInfo":[{"ImageId":"another"}]},"RequestId":"another"}`,
		// names that are there twice
		`{"RequestId":"r","Images":{"ImageInfo":[]},"Images":{"ImageInfo":[]}}`,
		`{"RequestId":"r","Images":{"ImageInfo":[],"ImageInfo":[]}}`,
		`{"RequestId":"r","Images":{"ImageInfo":[]},"\u0049mages":{"ImageInfo":[]}}`,
		`{"requestid":"r","images":{"imageinfo":[]}}`,
		`{"RequestId":"r","Images":{"ImageInfo":[{"ImageId":"m-1","ImageId":2}]}}`,
		"{\"RequestId\":\"r\",\"Images\":{\"ImageInfo\":[{\"ImageId\":\"\xff\",\"\xfe\":1,\"\xff\":2}]}}",
		"\xef\xbb\xbf{\"RequestId\":\"r\",\"Images\":{\"ImageInfo\":[]}}",
		`{"RequestId":"` + strings.Repeat("r", maxShort) + `","Images":{"ImageInfo":[]}}`, `{"RequestId":"` +
			strings.Repeat("r", maxShort+1) + `","Images":{"ImageInfo":[]}}`,
		// as deep as a parser goes, if the array is alone
		`{"RequestId":"r","Images":{"ImageInfo":[` + strings.Repeat("[", 9_999) + strings.Repeat("]", 9_999) + `]}}`,
		// parts of a list
		`{"RequestId":"r","Images":{"ImageInfo":[]},"NextToken":"x","Y":{"ImageInfo":[]}}`,
		`{"TotalCount":2,"Images":{"ImageInfo":[{"ImageId":"m-1"}]},"RequestId":"r"}`,
		`{"RequestId":"r","Images":{"ImageInfo":[{"ImageId":"m-1","Name":"\ud83d"}]}}`,
		`{"RequestId":"r","Images":{"ImageInfo":[{"ImageId":"m-1"},]}}`, `{"RequestId":"r","Images":{"ImageInfo":[]}}}`,
		`{"RequestId":"r","Images":{"ImageInfo":[]}}{}`, `{"RequestId":"r","Images":{"ImageInfo":[]]}}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, gotErr := answerOf(body)
		want, wantErr := strictly(body)
		if (gotErr == nil) != (wantErr == nil) {
			t.Fatalf("%q: %v, strictly %v", body, gotErr, wantErr)
		}
		if gotErr == nil && got != want {
			t.Fatalf("%q: %s, strictly %s", body, got, want)
		}
		// Another request id changes nothing.
		part, id, ok := cutImages(body)
		if !ok || id == "" || gotErr != nil {
			return
		}
		other := bytes.Replace(body, []byte(`"`+id+`"`), []byte(`"another"`), 1)
		if p, newID, ok := cutImages(other); ok && newID == "another" && bytes.Equal(p, part) {
			if again, err := answerOf(other); err != nil || again != got {
				t.Fatalf("%q and %q have one part, but the second is %s, %v", body, other, again, err)
			}
		}
	})
}

// answerOf reads a body as ListCommunityImages and Images do.
func answerOf(body []byte) (string, error) {
	a, err := newImagesAnswer(&reply{Response: &rpc.Response{Status: 200, Body: body}})
	if err != nil {
		return "", err
	}
	images, err := a.Decode(new(catalog.Interner))
	return joined(images), err
}

func strictly(body []byte) (string, error) {
	doc, err := parseAnswer(body)
	if err != nil {
		return "", err
	}
	array, err := findWholeList(doc, "Images", "ImageInfo")
	if err != nil {
		return "", err
	}
	images, err := new(catalog.Interner).DecodeImages(array)
	return joined(images), err
}

func joined(images []*catalog.Image) string {
	var b strings.Builder
	for _, im := range images {
		b.WriteString(im.Raw + "\n")
	}
	return b.String()
}

// Whatever a refusal looks like, the error is short, printable and classified.
func FuzzRefusal(f *testing.F) {
	f.Add(429, []byte(`{"Code":"Throttling.User","Message":"m","RequestId":"r","Recommend":"https://x"}`), "3")
	f.Add(502, []byte("<html>"), "Wed, 21 Oct 2026 07:28:00 GMT")
	f.Add(400, []byte(`{"Code":{"a":1},"Message":["s3cr3t-t0k3n"]}`), "-1")
	// parts of a secret
	f.Add(403, []byte(`{"Code":"a","Message":"s3cr3t-ts3cr3t-t0k3n0k3n","Recommend":"s3cr3t-","HostId":"t0k3n"}`),
		"NaN")
	f.Add(-1, []byte(`{"Message":"\u00733cr3t-t0k3n\u0000\u2028\u200b\ud800","RequestId":null,"code":1e999}`), "1e309")
	// what %q makes longest
	f.Add(0, []byte("{\"Code\":\"\xff"+strings.Repeat("\U000E0001", 300)+"\",\"Message\":\""+
		strings.Repeat("\U000E0001", 300)+"\"}"), "-0")
	f.Add(1<<62, []byte(`null`), "Sun, 06 Nov 1994 08:49:37 GMT")
	f.Add(429, []byte(`{"Code":"Throttling","Code":{"x":["s3cr3t-t0k3n"]}}`), "0x1p4")
	f.Fuzz(func(t *testing.T, status int, body []byte, wait string) {
		creds := cloud.Credentials{AccessKeySecret: "s3cr3t-t0k3n"}
		response := &rpc.Response{Status: status, Body: body, Header: map[string][]string{"Retry-After": {wait}}}
		e := (&reply{Response: response, action: listImagesAction, region: "r", credentials: creds}).newStatusError()
		text := e.Error() + "|" + e.Recommend + "|" + e.HostID
		if e.Class == "" || e.RetryAfter < 0 || e.RetryAfter > maxWait || len(text) > 8000 || !utf8.ValidString(text) ||
			strings.Contains(text, creds.AccessKeySecret) || strings.ContainsAny(text, "\r\n\x00") {
			t.Fatalf("%+v", e)
		}
		if _, err := json.Marshal(e); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzPage(f *testing.F) {
	f.Add([]byte(
		`{"RequestId":"r","PageNumber":"1","PageSize":50,"TotalCount":2,"Clusters":{"ClusterInfoSimple":[{"Id":"a",` +
			`"InstanceType":"x,y"},null]}}`))
	f.Add([]byte(
		`{"TotalCount":"+3","Clusters":{"ClusterInfoSimple":[{"Id":"a","InstanceType":[null,"x",{},"../y",",,z"]},` +
			`{"Id":"a"},{"Id":"a","RegionId":"cn-b"},{"Id":"..","RegionId":"x"}]}}`))
	f.Add([]byte(`{"TotalCount":-0,"PageNumber":9223372036854775808,"Clusters":{"ClusterInfoSimple":[]}}`))
	f.Add([]byte(
		"{\"TotalCount\":1,\"Clusters\":{\"ClusterInfoSimple\":[" +
			"{\"\xff\":1,\"\xfe\":2,\"Id\":\"\xff\",\"OsTag\":{\"OsTag\":[]},\"RegionId\":\"_any\"},{\"Id\":\"_any\"}]}}"))
	f.Add([]byte(`{"TotalCount":"1\u0031","Clusters":{"ClusterInfoSimple":[{"Id":"a","x":` + strings.Repeat("[", 40) +
		strings.Repeat("]", 40) + `}]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := parsePage(&reply{Response: &rpc.Response{Status: 200, Body: body}})
		if err != nil {
			return
		}
		l := newListing("cn-hangzhou")
		l.addPage(p, 1)
		for _, c := range l.clusters {
			if c.ClusterID == "" {
				if c.Problem == "" || c.RegionID != "" || c.Raw != nil {
					t.Fatalf("%+v", c)
				}
				continue
			}
			if err := (catalog.Scope{RegionID: c.RegionID, ClusterID: c.ClusterID}).Validate(); err != nil {
				t.Fatal(err)
			}
		}
		if p.total < 0 || len(l.clusters) > len(p.entries) || len(l.duplicates) > 0 {
			t.Fatalf("%+v", l)
		}
	})
}
