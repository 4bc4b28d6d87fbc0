//go:build debian

package query_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"community-images/shared/access"
	"community-images/shared/catalog"
	"community-images/shared/ehpc/ehpctest"
)

// personRegion is a region as E-HPC would fill it, for people to look at.
type personRegion struct {
	*fixture
	images   []string // ids of those that are offered
	gone     string   // id of an image that is no longer offered
	clusters []string // their ids
}

// newPersonRegion returns a region with what a simulated E-HPC offered in three days. Its last
// run is just now.
func newPersonRegion(t *testing.T) *personRegion {
	t.Helper()
	r := &personRegion{fixture: newFixture(t)}
	world := ehpctest.NewSimulation(7)
	const runs = 12
	var before []string
	for run := range runs {
		r.Now = time.Now().Add(time.Duration(run-runs+1) * 6 * time.Hour)
		before = r.images
		found, listing := r.capture(world)
		r.CommitRunListing(hangzhou, found, listing...)
		if i := slices.IndexFunc(before, func(id string) bool { return !slices.Contains(r.images, id) }); i >= 0 {
			r.gone = before[i]
		}
		world.Tick()
	}
	if r.gone == "" || len(r.images) < 20 || len(r.clusters) < 2 {
		t.Fatalf("the region is too small: %d images, %q is gone, %q", len(r.images), r.gone, r.clusters)
	}
	return r
}

// capture asks the simulation what the snapshot asks E-HPC.
func (r *personRegion) capture(world *ehpctest.Simulation) (found content, listing []string) {
	r.T.Helper()
	found, r.images, r.clusters = content{}, nil, nil
	ask := func(cluster, instanceType string) {
		answer, _ := world.Images(ehpctest.Question{RegionID: hangzhou, ClusterID: cluster, InstanceType: instanceType})
		var objects []json.RawMessage
		if err := json.Unmarshal(answer.Array, &objects); err != nil {
			r.T.Fatal(err)
		}
		path := catalog.Scope{ClusterID: cluster, InstanceType: instanceType}.Path()
		found[path] = []*catalog.Image{}
		for _, object := range objects {
			image := parseImages(r.T, string(object))[0]
			found[path] = append(found[path], image)
			if !slices.Contains(r.images, image.ImageID) {
				r.images = append(r.images, image.ImageID)
			}
		}
	}
	ask("", "")
	for _, raw := range world.Clusters(hangzhou) {
		cluster, _, err := catalog.ParseCluster(raw, hangzhou)
		if err != nil {
			r.T.Fatal(err)
		}
		if cluster.RegionID != hangzhou {
			continue
		}
		listing, r.clusters = append(listing, string(raw)), append(r.clusters, cluster.ClusterID)
		ask(cluster.ClusterID, "")
		for _, instanceType := range cluster.InstanceTypes {
			ask(cluster.ClusterID, instanceType)
		}
	}
	return found, listing
}

// pages are the addresses of all pages of the region.
func (r *personRegion) pages() []string {
	return []string{
		"/", "/v1/images?ClusterId=*&limit=20",
		"/v1/images?ClusterId=*&limit=10&q=CentOS&Status=Available&sort=-Size", "/v1/clusters",
		"/v1/matrix?ClusterId=*&limit=20", "/v1/status", "/v1/images/" + r.images[0], "/v1/images/" + r.gone,
		"/v1/changes", "/v1/diff?from=-24h", "/v1/diff?ClusterId=" + r.clusters[0] + "&with=" + r.clusters[1],
	}
}

// start serves the region over TLS, to callers of grants. Without grants everybody may ask.
// It returns the origin.
func (r *personRegion) start(grants ...access.Grant) string {
	r.T.Helper()
	var h http.Handler = r.Handler()
	if len(grants) > 0 {
		h = r.HandlerWithReplica(allow(grants...))
	}
	server := httptest.NewTLSServer(h)
	r.T.(*testing.T).Cleanup(server.Close)
	return server.URL
}

// TestDebianSignIn signs in with a limited token, looks at pages and signs out. Nothing of
// other clusters is shown. Without https there is no form.
func TestDebianSignIn(t *testing.T) {
	r := newPersonRegion(t)
	own, other := r.clusters[0], r.clusters[1]
	site := r.start(access.Grant{Name: "limited", Clusters: []string{own}})
	p := &person{browser: newBrowser(t), does: "signs in"}
	p.run(chromedp.EmulateViewport(1280, 900),
		chromedp.Navigate(site+"/v1/images?ClusterId=*&sort=-Size&lang=en"),
		chromedp.WaitVisible("#token", chromedp.ByQuery),
		chromedp.SendKeys("#token", "wrong"+kb.Enter, chromedp.ByQuery),
		chromedp.WaitVisible("#problem", chromedp.ByQuery))
	if text := p.text("#problem"); !strings.Contains(text, "not valid") {
		t.Errorf("a wrong token: %s", text)
	}
	p.run(chromedp.SendKeys("#token", token("limited")+kb.Enter, chromedp.ByQuery),
		chromedp.WaitVisible("table", chromedp.ByQuery))
	got := p.look()
	if got.Address != site+"/v1/images?ClusterId=*&sort=-Size&lang=en" || strings.Contains(fmt.Sprint(got.Rows), other) {
		t.Errorf("after signing in: %+v", got)
	}
	for _, target := range r.pages() {
		if strings.Contains(target, other) {
			continue
		}
		p.run(chromedp.Navigate(site+withParam(target, "lang=en")), chromedp.WaitReady("main", chromedp.ByQuery))
		var html string
		p.run(chromedp.Evaluate(`document.documentElement.outerHTML`, &html))
		if strings.Contains(html, other) || !strings.Contains(html, "/sign-out") {
			t.Errorf("%s tells of another cluster, or forgets who has signed in: %s", target, html)
		}
	}
	p.checkOtherSiteGetsNothing(site)
	p.run(chromedp.Navigate(site+"/?lang=en"), chromedp.Click(`form[action="/sign-out"] button`, chromedp.ByQuery),
		chromedp.WaitVisible("#token", chromedp.ByQuery),
		chromedp.Navigate(site+"/v1/images?ClusterId=*"), chromedp.WaitVisible("#token", chromedp.ByQuery))
	p.checkNoComplaints()

	plain := httptest.NewServer(r.Handler(allow(access.Grant{Name: "limited"})))
	t.Cleanup(plain.Close)
	p.run(chromedp.Navigate(plain.URL+"/v1/images"), chromedp.WaitVisible("#problem", chromedp.ByQuery))
	if text := p.text("main"); !strings.Contains(text, "needs https") || strings.Contains(text, "Token\n") {
		t.Errorf("over plain HTTP: %s", text)
	}
}

// checkOtherSiteGetsNothing lets a page of another site read a page, frame it, and send the
// forms, in the browser of a person who has signed in.
func (p *person) checkOtherSiteGetsNothing(site string) {
	p.t.Helper()
	attack := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, `<!doctype html><title>elsewhere</title>
			<form method="post" action="`+site+`/sign-out" target="frame"></form><iframe name="frame"></iframe>`)
	}))
	p.t.Cleanup(attack.Close)
	elsewhere := strings.Replace(attack.URL, "127.0.0.1", "localhost", 1)
	seen := len(p.complaints)
	var read string
	p.run(chromedp.Navigate(elsewhere+"/"), chromedp.Evaluate(`fetch('`+site+`/v1/images?format=html',
		{credentials: 'include'}).then(r => r.text()).catch(e => 'refused')`, &read, awaitPromise),
		chromedp.Evaluate(`document.forms[0].submit()`, nil), chromedp.Sleep(time.Second))
	if read != "refused" {
		p.t.Errorf("another site reads %.300s", read)
	}
	p.mu.Lock()
	p.complaints = p.complaints[:seen] // the attack is refused loudly
	p.mu.Unlock()
	p.run(chromedp.Navigate(site+"/?lang=en"), chromedp.WaitVisible(`form[action="/sign-out"]`, chromedp.ByQuery))
}
