package query_test

import (
	"regexp"
	"strings"
	"testing"
)

// planted is a text of E-HPC that would run if it were taken for HTML.
const planted = `<img src=//evil.example onerror=alert(1)>"'><script src=//evil.example></script>{{x}}`

// TestHostileTextsStayTextsOnEveryPage plants HTML in every field of an image and of a cluster. On no
// page is it anything but text, and no page leads or loads from elsewhere.
func TestHostileTextsStayTextsOnEveryPage(t *testing.T) {
	t.Parallel()
	quoted := encodeObject(map[string]any{"x": planted})
	text := strings.TrimSuffix(strings.TrimPrefix(quoted, `{"x":`), "}")
	image := `{"ImageId":"m-<b>x","ImageName":@,"Description":@,"Status":@,"PostInstallScript":@,"ProductCode":@,` +
		`"SkuCode":@,"Uid":@,"PricingCycle":@,"ImageOwnerAlias":@,"New":@,` +
		`"OsTag":{"Platform":@,"OsTag":@,"Architecture":@,"Version":@,"BaseOsTag":@},` +
		`"BaseOsTag":{"Platform":@,"OsTag":@,"Version":@}}`
	cluster := `{"Id":"ehpc-a","Name":@,"ImageId":@,"ImageOwnerAlias":@,"OsTag":@,"SchedulerType":@,"InstanceType":@}`
	w := newSmallRegion(t)
	w.CommitRunListing(hangzhou, content{"_any/_any": parseImages(t, strings.ReplaceAll(image, "@", text)),
		"ehpc-a/_any": parseImages(t, strings.ReplaceAll(image, "@", text))}, strings.ReplaceAll(cluster, "@", text))
	h, shown := w.Handler(), 0
	for _, target := range []string{"/", "/v1/images?ClusterId=*", "/v1/images?ClusterId=*&fields=*",
		"/v1/images/m-%3Cb%3Ex", "/v1/changes?since=0", "/v1/diff?from=1", "/v1/matrix?ClusterId=*", "/v1/clusters",
		"/v1/status", "/v1/images?ClusterId=%3Cscript%3E", "/v1/%3Cscript%3E", "/v1/images?q=%3Cscript%3Ealert(1)&%3Cb%3E=1",
		"/v1/images/m-%3Cscript%3E"} {
		rec := open(h, target)
		body := rec.Body.String()
		if !strings.HasPrefix(rec.Header().Get("Content-Type"), "text/html") ||
			!strings.Contains(rec.Header().Get("Content-Security-Policy"), "default-src 'none'") ||
			rec.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %s", target, dump(rec))
		}
		if scripts := strings.Count(body, "<script"); scripts != 1 || strings.Contains(body, "<img") ||
			strings.Contains(body, "m-<b>") {
			t.Errorf("%s has HTML of E-HPC: %s", target, body)
		}
		for _, link := range regexp.MustCompile(`<[^>]* (?:href|src|action)="([^"]*)"`).FindAllStringSubmatch(body, -1) {
			if !strings.HasPrefix(link[1], "/") && !strings.HasPrefix(link[1], "#") || strings.HasPrefix(link[1], "//") {
				t.Errorf("%s leads to %s", target, link[1])
			}
		}
		if strings.Contains(body, "&lt;img src=//evil.example") {
			shown++
		}
	}
	if shown < 6 {
		t.Errorf("only %d pages show the texts", shown)
	}
}
