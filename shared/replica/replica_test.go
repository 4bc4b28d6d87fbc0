package replica_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/archive/buckettest"
	"community-images/shared/replica"
)

// without is a stored object without what is withheld.
func without(object, member string) string { return strings.Replace(object, member, "", 1) }

var plainUbuntu = without(ubuntu, `"PostInstallScript":"secret.sh",`)

func imagesReply(images ...string) string {
	return `{"RequestId":"req-1","Images":{"ImageInfo":[` + strings.Join(images, ",") + `]}}`
}

// same compares JSON texts by value.
func same(t *testing.T, name, got, want string) {
	t.Helper()
	var a, b any
	if err := json.Unmarshal([]byte(got), &a); err != nil {
		t.Errorf("%s: %v in %s", name, err, got)
		return
	}
	if err := json.Unmarshal([]byte(want), &b); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b, a); diff != "" {
		t.Errorf("%s: (-want +got)\n%s", name, diff)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).replica()
	for _, row := range []struct {
		name, line string
		header     []string
		status     int
		code, says string
	}{
		{"no action", "GET /at/1/?Version=2018-04-12", nil, 400, "MissingAction", "x-acs-action"},
		{"no action in a form", "POST / Version=2018-04-12", nil, 400, "MissingAction", ""},
		{"an action that is not copied", "GET /?Action=CreateCluster&Version=2018-04-12", nil, 404,
			"InvalidAction.NotFound", "ListRegions"},
		{"an action in another case", "GET /?Action=listclusters&Version=2018-04-12", nil, 404,
			"InvalidAction.NotFound", ""},
		{"no version", "GET /?Action=ListClusters", nil, 400, "MissingParameter", "Version"},
		{"another version", "GET /?Action=ListClusters&Version=2024-07-30", nil, 400, "InvalidVersion", "2018-04-12"},
		{"no version in the headers", "GET /", []string{"x-acs-action", "ListClusters"}, 400, "MissingParameter",
			"Version"},
		{"no action, but a signature", "GET /?Signature=x", nil, 400, "MissingAction", ""},
		{"no action in the headers", "GET /", []string{"x-acs-version", "2018-04-12"}, 400, "MissingAction",
			"x-acs-action"},
		{"another region", "GET /?RegionId=cn-beijing&" + list, nil, 404, "InvalidRegionId.NotFound", "cn-hangzhou"},
		{"an unknown cluster", "GET /?ClusterId=ehpc-x&" + list, nil, 404, "ClusterNotFound",
			"The specified cluster does not exist."},
		{"two clusters", "GET /?ClusterId=ehpc-a,ehpc-b&" + list, nil, 400, "InvalidParameter", "given twice"},
		{"a listed cluster that is not captured", "GET /?ClusterId=ehpc-c&" + list, nil, 404, "ClusterNotFound", ""},
		{"a cluster that came later", "GET /at/1/?ClusterId=ehpc-b&" + list, nil, 404, "ClusterNotFound", ""},
		{"a type that is not captured", "GET /?ClusterId=ehpc-a&InstanceType=ecs.x&" + list, nil, 400, "InvalidParams",
			"ecs.c7.large"},
		{"a type where none is captured", "GET /?ClusterId=ehpc-b&InstanceType=ecs.x&" + list, nil, 400,
			"InvalidParams", "InstanceType"},
		{"a type without a cluster", "GET /?InstanceType=ecs.x&" + list, nil, 400, "InvalidParams", "InstanceType"},
		{"never captured", "GET /?ClusterId=ehpc-new&" + list, nil, 503, "ServiceUnavailable",
			"Nothing has been captured for this question yet."},
		{"never captured until then", "GET /at/1/?ClusterId=ehpc-new&" + list, nil, 400, "InvalidParams", "moment"},
		{"a moment that is none", "GET /at/soon/?" + list, nil, 400, "InvalidParams", "RFC 3339"},
		{"a moment that is none, of regions", "GET /at/soon/?Action=ListRegions&Version=2018-04-12", nil, 400,
			"InvalidParams", "RFC 3339"},
		{"no moment", "GET /at/?" + list, nil, 404, "InvalidAction.NotFound", "/at/<moment>/"},
		{"two moments", "GET /at/1/?at=2&" + list, nil, 400, "InvalidParameter", "two moments"},
		{"a commit to come", "GET /at/99/?" + list, nil, 400, "InvalidParams", "the last commit is number 3"},
		{"a time to come", "GET /at/2026-11-24T00:00:00Z/?" + list, nil, 400, "InvalidParams", "in the future"},
		{"a time to come, as a parameter, of clusters", "GET /?at=1795500000&" + clusters, nil, 400, "InvalidParams",
			"in the future"},
		{"before the first commit", "GET /at/2020-01-01/?" + list, nil, 400, "InvalidParams",
			"begins at 2026-11-23T09:00:00.000Z"},
		{"another path", "GET /at/1/v1/images?" + list, nil, 404, "InvalidAction.NotFound", ""},
		{"a region in the path that is none", "GET /at/1/cn-x/?" + list, nil, 404, "InvalidRegionId.NotFound",
			"cn-hangzhou"},
		{"a region in the path alone", "GET /cn-x/?" + clusters, nil, 404, "InvalidRegionId.NotFound", "cn-hangzhou"},
		{"a path that is no region's", "GET /at/1/images/?" + list, nil, 404, "InvalidAction.NotFound", ""},
		{"a broken path", "GET /at/1/%25zz/?" + list, nil, 404, "InvalidAction.NotFound", ""},
		{"page 0", "GET /?PageNumber=0&" + clusters, nil, 400, "InvalidParams", "PageNumber"},
		{"a page of 51", "GET /?PageSize=51&" + clusters, nil, 400, "InvalidParams", "PageSize"},
		{"a page that is no number", "GET /?PageNumber=&" + clusters, nil, 400, "InvalidParams", ""},
		{"another format", "GET /?Format=YAML&" + list, nil, 400, "InvalidParameter", "Format"},
		{"a parameter twice", "GET /?ClusterId=a&ClusterId=b&" + list, nil, 400, "InvalidParameter",
			"ClusterId is given twice"},
		{"an unknown parameter twice", "GET /?X=a&X=b&" + list, nil, 400, "InvalidParameter",
			"a parameter is given twice"},
		{"a parameter twice, in query and form", "POST /?ClusterId=a&" + list + " ClusterId=b", nil, 400,
			"InvalidParameter", "twice"},
		{"a parameter twice, in two cases", "GET /?ClusterId=a&clusterid=a&" + list, nil, 400, "InvalidParameter",
			"twice"},
		{"a body that is no form", "POST /?" + list + ` {"ClusterId":"ehpc-a"}`,
			[]string{"Content-Type", "application/json"}, 400, "InvalidParameter", "form"},
		{"a form of no type", "POST /?" + list + " ClusterId=ehpc-a", []string{"Content-Type", "text/plain"}, 400,
			"InvalidParameter", "form"},
		{"a form that is not posted", "GET /?" + list + " ClusterId=ehpc-a", nil, 400, "InvalidParameter", "form"},
		{"a broken parameter", "GET /?ClusterId=%zz&" + list, nil, 400, "InvalidParameter", "percent"},
		{"too many parameters", "GET /?a0" + many(300) + "&" + list, nil, 400, "InvalidParameter", "256"},
		{"a huge form", "POST / " + strings.Repeat("a", 70000), nil, 413, "RequestTooLarge", "65536"},
		{"another method", "PUT /?" + list, nil, 405, "UnsupportedHTTPMethod", "GET or POST"},
	} {
		rec := ask(h, row.line, row.header...)
		var e struct{ RequestID, HostID, Code, Message, Recommend string }
		if err := json.Unmarshal(rec.Body.Bytes(), &e); err != nil {
			t.Errorf("%s: %v in %s", row.name, err, rec.Body)
		}
		if rec.Code != row.status || e.Code != row.code || !strings.Contains(e.Message+" "+e.Recommend, row.says) ||
			e.RequestID != "req-1" || e.HostID != "images.example" || e.Message == "" || e.Recommend == "" {
			t.Errorf("%s: %d %s, want %d %s %q", row.name, rec.Code, rec.Body, row.status, row.code, row.says)
		}
		if retry := rec.Header().Get("Retry-After"); (retry != "") != (row.status == 503) {
			t.Errorf("%s: Retry-After is %q", row.name, retry)
		}
		if rec.Header().Get("Cache-Control") != "no-store" || rec.Header().Get("X-Snapshot-Sequence") != "" ||
			(row.status == 405) != (rec.Header().Get("Allow") != "") {
			t.Errorf("%s: headers %v", row.name, rec.Header())
		}
	}
}

func many(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("&b" + strings.Repeat("c", i))
	}
	return b.String()
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).replica()
	header := []string{"x-acs-action", "ListCommunityImages", "x-acs-version", "2018-04-12"}
	identityA := `{"Id":"ehpc-a","InstanceType":"ecs.c7.large","Name":"alpha","OsTag":"CentOS_7.2_64",` +
		`"RegionId":"cn-hangzhou","SchedulerType":"slurm"}`
	for _, row := range []struct {
		name, line string
		header     []string
		want       string
		sequence   string
		age        string
		stale      bool
	}{
		{"without a cluster", "GET /?" + list, nil, imagesReply(cent72), "3", "1800", false},
		{"of a cluster, what is withheld left out", "GET /?ClusterId=ehpc-a&" + list, nil,
			imagesReply(cent72, plainUbuntu), "3", "1800", false},
		{"of an instance type, an empty list", "GET /?ClusterId=ehpc-a&InstanceType=ecs.c7.large&" + list, nil,
			imagesReply(), "3", "1800", false},
		{"what a failed check left", "GET /?ClusterId=ehpc-b&" + list, nil, imagesReply(plainUbuntu), "3", "5400",
			true},
		{"by BaseOsTag", "GET /?ClusterId=ehpc-a&BaseOsTag=CentOS_7.2_64&" + list, nil, imagesReply(cent72), "3",
			"1800", false},
		{"by a BaseOsTag that is a text",
			"GET /at/1/?ClusterId=ehpc-a&InstanceType=ecs.c7.large&BaseOsTag=CentOS_7.2_64&" + list, nil,
			imagesReply(ended), "1", "9000", false},
		{"by an unknown BaseOsTag", "GET /?BaseOsTag=x&" + list, nil, imagesReply(), "3", "1800", false},
		{"empty parameters are none", "GET /?ClusterId=&InstanceType=&BaseOsTag=&RegionId=&" + list, nil,
			imagesReply(cent72), "3", "1800", false},
		{"parameters that are not known", "GET /?AcceptLanguage=en-US&Cluster=x&" + list, nil, imagesReply(cent72), "3",
			"1800", false},
		{"parameters in another case",
			"GET /?clusterid=ehpc-a&BASEOSTAG=CentOS_7.2_64&action=ListCommunityImages&version=2018-04-12", nil,
			imagesReply(cent72), "3", "1800", false},
		{"an object without parameters for a body", "POST /?" + list + " {}",
			[]string{"Content-Type", "application/json"}, imagesReply(cent72), "3", "1800", false},
		{"the version not in the headers", "GET /?Version=2018-04-12", []string{"x-acs-action", "ListCommunityImages"},
			imagesReply(cent72), "3", "1800", false},
		{"a signature nobody can check", "GET /?AccessKeyId=x&Signature=wrong&SecurityToken=t&" + list,
			[]string{"Authorization", "ACS3-HMAC-SHA256 Credential=a"}, imagesReply(cent72), "3", "1800", false},
		{"with the region", "GET /?RegionId=cn-hangzhou&" + list, nil, imagesReply(cent72), "3", "1800", false},
		{"with the region in the path", "GET /cn-hangzhou/?" + list, nil, imagesReply(cent72), "3", "1800", false},
		{"as a form", "POST / ClusterId=ehpc-a&BaseOsTag=CentOS_7.2_64&" + list, nil, imagesReply(cent72), "3", "1800",
			false},
		{"half a form", "POST /?ClusterId=ehpc-a BaseOsTag=CentOS_7.2_64&" + list, nil, imagesReply(cent72), "3",
			"1800", false},
		{"by the headers", "GET /?ClusterId=ehpc-b", header, imagesReply(plainUbuntu), "3", "5400", true},
		{"by the headers, as a form", "POST / ClusterId=ehpc-b", header, imagesReply(plainUbuntu), "3", "5400", true},
		{"parameters before headers", "GET /?" + clusters + "&PageSize=1&PageNumber=9", header,
			`{"RequestId":"req-1","PageSize":1,"PageNumber":9,"TotalCount":3,"Clusters":{"ClusterInfoSimple":[]}}`, "3",
			"1800", false},
		{"at a commit", "GET /at/1/?ClusterId=ehpc-a&" + list, nil, imagesReply(cent72, ended), "1", "9000", false},
		{"at a commit, without the slash", "GET /at/1?ClusterId=ehpc-a&" + list, nil, imagesReply(cent72, ended), "1",
			"9000", false},
		{"at a time", "GET /at/2026-11-23T09%3A30%3A00Z/?ClusterId=ehpc-a&" + list, nil, imagesReply(cent72, ended),
			"1", "9000", false},
		{"at a time, in a region", "GET /at/2026-11-23T10:30:00Z/cn-hangzhou/?ClusterId=ehpc-b&" + list, nil,
			imagesReply(plainUbuntu), "2", "5400", false},
		{"at a commit, as a parameter", "GET /cn-hangzhou/?at=1&ClusterId=ehpc-a&" + list, nil,
			imagesReply(cent72, ended), "1", "9000", false},
		{"at a commit, capitalised, in a form", "POST / At=1&ClusterId=ehpc-a&" + list, nil, imagesReply(cent72, ended),
			"1", "9000", false},
		{"at a commit, twice the same", "GET /at/1/?at=1&ClusterId=ehpc-a&" + list, nil, imagesReply(cent72, ended),
			"1", "9000", false},
		{"by the headers, at a time", "GET /at/1795424400/?ClusterId=ehpc-a", header, imagesReply(cent72, ended), "1",
			"9000", false},
		{"clusters", "GET /?" + clusters, nil,
			`{"RequestId":"req-1","PageSize":10,"PageNumber":1,"TotalCount":3,"Clusters":{"ClusterInfoSimple":[` +
				clusterA + "," + clusterB + "," + clusterC + `]}}`, "3", "1800", false},
		{"a page of clusters", "GET /?PageSize=2&PageNumber=2&" + clusters, nil,
			`{"RequestId":"req-1","PageSize":2,"PageNumber":2,"TotalCount":3,"Clusters":{"ClusterInfoSimple":[` +
				clusterC + `]}}`, "3", "1800", false},
		{"clusters of the past", "GET /at/1/?" + clusters, nil,
			`{"RequestId":"req-1","PageSize":10,"PageNumber":1,"TotalCount":2,"Clusters":{"ClusterInfoSimple":[` +
				identityA + `,{"Id":"ehpc-new","RegionId":"cn-hangzhou"}]}}`, "1", "9000", false},
		{"regions", "GET /?Action=ListRegions&Version=2018-04-12", nil,
			`{"RequestId":"req-1","Regions":{"RegionInfo":[{"LocalName":"China (Hangzhou)","RegionId":"cn-hangzhou"}]}}`,
			"", "", false},
	} {
		rec := ask(h, row.line, row.header...)
		if rec.Code != 200 || rec.Header().Get("Content-Type") != "application/json;charset=utf-8" {
			t.Errorf("%s: %d %s", row.name, rec.Code, rec.Body)
			continue
		}
		same(t, row.name, rec.Body.String(), row.want)
		if got := rec.Header(); got.Get("X-Snapshot-Sequence") != row.sequence ||
			got.Get("X-Snapshot-Age") != row.age || (got.Get("Warning") != "") != row.stale {
			t.Errorf("%s: headers %v", row.name, got)
		}
	}
}

// Numbers come back as they were written: 0.0 is not 0, and 2.50 is not 2.5.
func TestNothingIsRewritten(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).replica()
	for line, want := range map[string]string{"GET /?" + clusters: `"ComputeSpotPriceLimit":0.0,`, "GET /?" +
		list: `[1,2.50,[]]`} {
		if body := ask(h, line).Body.String(); !strings.Contains(body, want) {
			t.Errorf("%s: %s has no %s", line, body, want)
		}
	}
}

// Each image has an odd tag; a name that holds another's tag does not make it one of its.
func TestBaseOsTagsOfEveryKind(t *testing.T) {
	t.Parallel()
	tags := []string{`CentOS_7.2_64`, `a"b\c`, `é<&>`, "tab\tend", `7`, `2.50`, `[1]`, `true`}
	var objects []string
	for i, tag := range tags {
		coded, _ := json.Marshal(tag)
		if i >= 4 {
			coded = []byte(tag)
		}
		others, _ := json.Marshal(strings.Join(tags, " "))
		objects = append(objects, fmt.Sprintf(`{"ImageId":"m-%d","ImageName":%s,"BaseOsTag":{"OsTag":%s}}`, i, others,
			coded))
	}
	w := newFixture(t)
	w.run(hangzhou, content{"_any/_any": objects})
	h := w.replica()
	for i, tag := range tags {
		same(t, tag, ask(h, "GET /?BaseOsTag="+url.QueryEscape(tag)+"&"+list).Body.String(), imagesReply(objects[i]))
	}
	same(t, "none", ask(h, "GET /?BaseOsTag=CentOS&"+list).Body.String(), imagesReply())
}

func TestXML(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).replica()
	const prolog = `<?xml version="1.0" encoding="UTF-8"?>`
	for line, want := range map[string]string{
		"GET /?Format=XML&" + list: prolog +
			`<ListCommunityImagesResponse><RequestId>req-1</RequestId><Images><ImageInfo>` +
			`<BaseOsTag><OsTag>CentOS_7.2_64</OsTag><Platform>CentOS</Platform></BaseOsTag>` +
			`<ImageId>m-cent72</ImageId><ImageName>a &lt;b&gt; &amp; &#34;c&#34;</ImageName>` +
			`<New><List>1</List><List>2.50</List><None></None><Yes>true</Yes></New>` +
			`<OsTag><BaseOsTag>CentOS_7.2_64</BaseOsTag><OsTag>CentOS_7.2_64</OsTag></OsTag>` +
			`<Size>40</Size><Status>Available</Status><Uid>127</Uid>` +
			`</ImageInfo></Images></ListCommunityImagesResponse>`,
		"GET /?format=xml&PageSize=1&PageNumber=9&" + clusters: prolog +
			`<ListClustersResponse><RequestId>req-1</RequestId><PageSize>1</PageSize><PageNumber>9</PageNumber>` +
			`<TotalCount>3</TotalCount><Clusters></Clusters></ListClustersResponse>`,
		"GET /?Format=XML&ClusterId=x&" + list: prolog +
			`<Error><RequestId>req-1</RequestId><HostId>images.example</HostId><Code>ClusterNotFound</Code>` +
			`<Message>The specified cluster does not exist.</Message>` +
			`<Recommend>ListClusters lists the clusters of the region.</Recommend></Error>`,
	} {
		rec := ask(h, line)
		if diff := cmp.Diff(want, rec.Body.String()); diff != "" ||
			rec.Header().Get("Content-Type") != "text/xml;charset=utf-8" {
			t.Errorf("%s: %v (-want +got)\n%s", line, rec.Header(), diff)
		}
	}
}

// What is wrong with a request is reported in the format that it asks for, however
// little of the request has been read when it shows.
func TestErrorsInXML(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).replica()
	for _, row := range []struct{ name, line, code string }{
		{"two moments", "GET /at/1/?Format=XML&at=2&" + list, "InvalidParameter"},
		{"another method", "PUT /?Format=XML&" + list, "UnsupportedHTTPMethod"},
		{"a huge form", "POST /?Format=XML " + strings.Repeat("a", 70000), "RequestTooLarge"},
		{"a huge form that begins with the format", "POST / format=xml&" + strings.Repeat("a", 70000),
			"RequestTooLarge"},
		{"a parameter twice, before the format", "GET /?ClusterId=a&ClusterId=b&Format=XML&" + list,
			"InvalidParameter"},
		{"a parameter twice, in a form", "POST / ClusterId=a&ClusterId=b&Format=XML&" + list, "InvalidParameter"},
		{"a parameter twice, in query and form", "POST /?ClusterId=a&ClusterId=b ForMat=Xml&" + list,
			"InvalidParameter"},
		{"a broken parameter", "GET /?a=%zz&F%6frmat=X%4dL&" + list, "InvalidParameter"},
		{"no action", "POST / Format=XML", "MissingAction"},
	} {
		rec := ask(h, row.line)
		if body := rec.Body.String(); rec.Header().Get("Content-Type") != "text/xml;charset=utf-8" ||
			!strings.Contains(body, "<Error><RequestId>req-1</RequestId>") ||
			!strings.Contains(body, "<Code>"+row.code+"</Code>") {
			t.Errorf("%s: %v %s", row.name, rec.Header(), body)
		}
	}
	for name, line := range map[string]string{
		"another format":             "GET /?Format=YAML&" + list,
		"none":                       "PUT /?" + list,
		"a value that is like it":    "PUT /?ClusterId=Format=XML&" + list,
		"a body that is no form":     "PUT /?" + list + " Format=XML",
		"a format that is both":      "GET /?Format=JSON&Format=XML&" + list,
		"a format that is no format": "GET /?Format=%zz&" + list,
	} {
		if rec := ask(h, line); rec.Code < 400 || rec.Header().Get("Content-Type") != "application/json;charset=utf-8" {
			t.Errorf("%s: %d %v %s", name, rec.Code, rec.Header(), rec.Body)
		}
	}
}

func TestRegionsAreToldApart(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.run(hangzhou, content{"_any/_any": {cent72}, "ehpc-h/_any": {cent72, ended}}, `{"Id":"ehpc-z","Name":"z"}`,
		`{"Id":"ehpc-h","Name":"h"}`)
	w.Now = w.Now.Add(time.Minute)
	w.run(shanghai, content{"_any/_any": {ended}, "ehpc-s/_any": {ended}}, `{"Id":"ehpc-s","Name":"s"}`)
	w.Now = w.Now.Add(time.Minute)
	both := []string{hangzhou, shanghai}
	h := w.replica(func(o *replica.Options) {
		o.Regions = both
		o.Source = w.source(w.Memory, both...)
	})
	for line, want := range map[string]string{
		"GET /?RegionId=cn-hangzhou&" + list:             imagesReply(cent72),
		"GET /cn-shanghai?" + list:                       imagesReply(ended),
		"GET /at/1/cn-shanghai/?" + list:                 imagesReply(ended),
		"GET /cn-shanghai/?RegionId=cn-hangzhou&" + list: imagesReply(cent72),
		"GET /?ClusterId=ehpc-h&" + list:                 imagesReply(cent72, ended),
		"GET /?ClusterId=ehpc-s&" + list:                 imagesReply(ended),
		"GET /at/1/?ClusterId=ehpc-s&" + list:            imagesReply(ended),
	} {
		same(t, line, ask(h, line).Body.String(), want)
	}
	// ListClusters tells of all regions where none is named, as upstream does.
	for line, want := range map[string]string{
		"GET /?": `"PageSize":10,"PageNumber":1,"TotalCount":3,"Clusters":{"ClusterInfoSimple":[` +
			`{"Id":"ehpc-h","Name":"h"},{"Id":"ehpc-s","Name":"s"},{"Id":"ehpc-z","Name":"z"}]}}`,
		"GET /?PageSize=2&PageNumber=2&": `"PageSize":2,"PageNumber":2,"TotalCount":3,` +
			`"Clusters":{"ClusterInfoSimple":[{"Id":"ehpc-z","Name":"z"}]}}`,
		"GET /?RegionId=cn-shanghai&": `"PageSize":10,"PageNumber":1,"TotalCount":1,` +
			`"Clusters":{"ClusterInfoSimple":[{"Id":"ehpc-s","Name":"s"}]}}`,
		"GET /cn-hangzhou/?PageSize=1&": `"PageSize":1,"PageNumber":1,"TotalCount":2,` +
			`"Clusters":{"ClusterInfoSimple":[{"Id":"ehpc-h","Name":"h"}]}}`,
		"GET /?RegionId=&PageNumber=2&": `"PageSize":10,"PageNumber":2,"TotalCount":3,"Clusters":{"ClusterInfoSimple":[]}}`,
	} {
		rec := ask(h, line+clusters)
		same(t, line, rec.Body.String(), `{"RequestId":"req-1",`+want)
		one := strings.Contains(line, "cn-")
		if got := rec.Header(); (got.Get("X-Snapshot-Sequence") != "") != one || !one &&
			got.Get("X-Snapshot-Age") != "120" {
			t.Errorf("%s: headers %v", line, got)
		}
	}
	if rec := ask(h, "GET /?"+list); rec.Code != 400 ||
		!strings.Contains(rec.Body.String(), `"Code":"MissingParameter"`) ||
		!strings.Contains(rec.Body.String(), "cn-hangzhou, cn-shanghai") {
		t.Errorf("without a region: %d %s", rec.Code, rec.Body)
	}
	for line, code := range map[string]string{
		"GET /?ClusterId=ehpc-x&" + list:                      "ClusterNotFound",
		"GET /cn-hangzhou/?ClusterId=ehpc-s&" + list:          "ClusterNotFound",
		"GET /?ClusterId=ehpc-s&RegionId=cn-hangzhou&" + list: "ClusterNotFound",
		"GET /at/2020-01-01/?ClusterId=ehpc-x&" + list:        "InvalidParams",
		"GET /at/1/?" + clusters:                              "MissingParameter",
	} {
		if rec := ask(h, line); !strings.Contains(rec.Body.String(), `"Code":"`+code+`"`) {
			t.Errorf("%s: %s, want %s", line, rec.Body, code)
		}
	}
}

func TestEmptyArchive(t *testing.T) {
	t.Parallel()
	h := newFixture(t).replica()
	for _, line := range []string{"GET /?" + list, "GET /?ClusterId=x&" + list, "GET /?" + clusters, "GET /at/1/?" +
		list} {
		if rec := ask(h, line); rec.Code != 503 || rec.Header().Get("Retry-After") != "60" ||
			!strings.Contains(rec.Body.String(), "ServiceUnavailable") {
			t.Errorf("%s: %d %v %s", line, rec.Code, rec.Header(), rec.Body)
		}
	}
}

// An instance that holds data goes on with it while the store is away.
func TestOutage(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	var down atomic.Bool
	faulty := buckettest.NewFaulty(w.Memory, func(buckettest.Op) *buckettest.Fault {
		if down.Load() {
			return &buckettest.Fault{Err: buckettest.ErrInjected}
		}
		return nil
	})
	var reported atomic.Int32
	h := w.replica(func(o *replica.Options) {
		o.Source = w.source(faulty, hangzhou)
		o.Report = func(context.Context, string, error) { reported.Add(1) }
	})
	before := ask(h, "GET /?ClusterId=ehpc-a&"+list)
	frozen := []string{"GET /at/1/?ClusterId=ehpc-a&" + list, "GET /at/3/?ClusterId=ehpc-a&" + list}
	for _, line := range frozen {
		ask(h, line)
	}
	down.Store(true)
	after := ask(h, "GET /?ClusterId=ehpc-a&"+list)
	if after.Code != 200 || after.Body.String() != before.Body.String() || before.Header().Get("Warning") != "" ||
		after.Header().Get("Warning") == "" {
		t.Errorf("what is at hand: %d %v", after.Code, after.Header())
	}
	for _, line := range frozen {
		if rec := ask(h, line); rec.Code != 200 || rec.Header().Get("Warning") != "" {
			t.Errorf("%s, which no outage changes: %d %v", line, rec.Code, rec.Header())
		}
	}
	if reported.Load() != 0 {
		t.Error("a failure is reported though everybody was answered")
	}
	cold := ask(h, "GET /?"+list)
	if cold.Code != 503 || cold.Header().Get("Retry-After") != "5" ||
		!strings.Contains(cold.Body.String(), `"Code":"ServiceUnavailable"`) ||
		strings.Contains(cold.Body.String(), "injected") || reported.Load() != 1 {
		t.Errorf("what is not: %d %v %s, %d reported", cold.Code, cold.Header(), cold.Body, reported.Load())
	}
}

// A panic is answered, and reported to the log only.
func TestPanic(t *testing.T) {
	t.Parallel()
	var reportedErr error
	h := newSmallRegion(t).replica(func(o *replica.Options) {
		o.Source = nil
		o.Report = func(_ context.Context, _ string, err error) { reportedErr = err }
	})
	rec := ask(h, "GET /?"+list)
	if rec.Code != 500 || !strings.Contains(rec.Body.String(), `"Code":"InternalError"`) || reportedErr == nil ||
		!strings.Contains(reportedErr.Error(), "panic") || strings.Contains(rec.Body.String(), "panic") {
		t.Errorf("%d %s, %v", rec.Code, rec.Body, reportedErr)
	}
}

// What a request looks like decides who answers it.
func TestWants(t *testing.T) {
	t.Parallel()
	h := newFixture(t).replica()
	for line, want := range map[string]bool{
		"GET /": false, "GET /?format=json": false, "GET /v1/images?Action=x": false, "GET /healthz": false,
		"GET /?Actions=x": false, "GET /?x=Action=": false,
		"GET /?Action=ListClusters": true, "GET /?Version=x&Action=": true, "GET /?action=x": true,
		"GET /?Signature=x": true, "GET /?AccessKeyId=x": true, "GET /?Version=x": true, "POST /": true,
		"GET /at/1": true, "GET /at/1/v1/images": true, "GET /at": true,
		"GET /cn-hangzhou/": false, "GET /cn-beijing/": false, "GET /cn-hangzhou?Action=x": true,
		"GET /cn-beijing?Action=x": true, "POST /cn-hangzhou/": true, "POST /cn-beijing/": true,
		"GET /cn-hangzhou/x?Action=x": false,
		"GET /metrics?Version=x":      false, "GET /atlas": false, "POST /v1/images": false,
	} {
		method, target, _ := strings.Cut(line, " ")
		if got := h.Matches(httptest.NewRequest(method, target, nil)); got != want {
			t.Errorf("%s: %v", line, got)
		}
	}
	for _, name := range []string{"x-acs-action", "X-ACS-VERSION"} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set(name, "x")
		if !h.Matches(r) {
			t.Errorf("a request by headers with %s is not wanted", name)
		}
	}
}
