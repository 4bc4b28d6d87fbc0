package openapitest

import (
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"community-images/shared/access"
	"community-images/shared/query"
	"community-images/shared/query/querytest"
)

func TestOpenAPIOfAGuardedService(t *testing.T) {
	t.Parallel()
	w := querytest.NewSmallRegion(t)
	h := w.Handler(querytest.AllowTokens(access.Grant{Name: "all"},
		access.Grant{Name: "none", Regions: []string{"cn-x"}}), func(o *query.Options) {
		o.Now = time.Now
	})
	doc, err := openapi3.NewLoader().LoadFromData(
		querytest.Get(h, "/openapi.json", "Authorization", querytest.Bearer("all")).Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if scheme := doc.Components.SecuritySchemes["token"].Value; scheme.Type != "http" || scheme.Scheme != "bearer" {
		t.Errorf("%+v", scheme)
	}
	for pattern, item := range doc.Paths.Map() {
		security := &doc.Security
		if item.Get.Security != nil {
			security = item.Get.Security
		}
		needs := len(*security) > 0
		target := strings.NewReplacer("{ImageId}", "m-cent79", "{Name}", "newest").Replace(pattern)
		for header, status := range map[string]int{"": 401, querytest.Bearer("none"): 403} {
			if got := querytest.Get(h, target, "Authorization", header).Code; (got == status) != needs {
				t.Errorf("%s answers %d; that it needs a token: %v", pattern, got, needs)
			}
			if documented := item.Get.Responses.Status(status) != nil; documented != needs {
				t.Errorf("%s documents %d: %v", pattern, status, documented)
			}
		}
	}
	open, err := openapi3.NewLoader().LoadFromData(querytest.Get(w.Handler(), "/openapi.json").Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if open.Security != nil || open.Components.SecuritySchemes != nil ||
		open.Paths.Value("/v1/images").Get.Responses.Status(401) != nil {
		t.Error("a service without tokens documents them")
	}
}
