//go:build debian

package query_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"community-images/shared/query"
)

// TestDebianFleetPages looks at the overview, clusters, matrix and status in Chromium.
func TestDebianFleetPages(t *testing.T) {
	w := newSmallRegion(t)
	found := content{"ehpc-a/_any": parseImages(t, sampleImage, centOS79, hostile), "ehpc-b/_any": nil}
	w.CommitRunListing(hangzhou, found,
		`{"Id":"ehpc-a","Name":"<img src=x onerror=alert(1)>","ImageId":"m-cent79"}`, `{"Id":"ehpc-b"}`)
	w.Now = time.Now()
	server := httptest.NewServer(w.Handler(func(o *query.Options) { o.Regions = []string{hangzhou, beijing} }))
	defer server.Close()
	b := newBrowser(t)
	for name, path := range map[string]string{
		"overview": "/", "clusters": "/v1/clusters", "matrix": "/v1/matrix?RegionId=" + hangzhou, "status": "/v1/status",
	} {
		b.run(chromedp.Navigate(server.URL+path), chromedp.WaitVisible("h1", chromedp.ByQuery))
		if shown := b.text("main"); path != "/v1/status" && !strings.Contains(shown, "onerror=alert(1)") {
			t.Errorf("%s: the name of a cluster is not shown as text: %s", path, shown)
		}
		b.checkNames()
		b.takePicture(name+"-phone-light", 360, 800, "light")
		b.takePicture(name+"-desk-dark", 1280, 900, "dark")
	}
	// A search leads to everything that is captured.
	b.run(chromedp.Navigate(server.URL+"/"), chromedp.WaitVisible("#q", chromedp.ByQuery),
		chromedp.SetValue("#q", "centos", chromedp.ByQuery))
	var address string
	b.run(chromedp.Submit("#q", chromedp.ByQuery), chromedp.WaitVisible(".images", chromedp.ByQuery),
		chromedp.Location(&address))
	if !strings.Contains(address, "/v1/images?") || !strings.Contains(address, "ClusterId=*") &&
		!strings.Contains(address, "ClusterId=%2A") || !strings.Contains(address, "q=centos") {
		t.Errorf("the search leads to %s", address)
	}
	b.checkNoComplaints()
}
