package query_test

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"

	"community-images/shared/access"
	"community-images/shared/archive/archivetest"
	"community-images/shared/catalog"
	"community-images/shared/query"
	"community-images/shared/query/querytest"
)

// Short names for the fixture, which packages archivetest and querytest explain.

type (
	fixture = querytest.Fixture
	content = archivetest.Content
)

const (
	hangzhou = archivetest.Hangzhou
	beijing  = archivetest.Beijing

	sampleImage     = archivetest.SampleImage
	centOS79        = archivetest.CentOS79
	centOS710       = archivetest.CentOS710
	ubuntuCreating  = archivetest.UbuntuCreating
	ubuntuAvailable = archivetest.UbuntuAvailable
	windows         = archivetest.Windows
)

var epoch = archivetest.Epoch

func newFixture(t testing.TB) *fixture     { return querytest.New(t) }
func newSmallRegion(t testing.TB) *fixture { return querytest.NewSmallRegion(t) }

func parseImages(t testing.TB, objects ...string) []*catalog.Image {
	t.Helper()
	return archivetest.ParseImages(t, objects...)
}

func get(h http.Handler, target string, header ...string) *httptest.ResponseRecorder {
	return querytest.Get(h, target, header...)
}

// serveOnce serves r and drops the answer.
func serveOnce(b *testing.B, h http.Handler, r *http.Request, status int) {
	b.Helper()
	querytest.ServeOnce(b, h, r, status)
}

func token(name string) string                          { return querytest.Token(name) }
func bearer(name string) string                         { return querytest.Bearer(name) }
func allow(grants ...access.Grant) func(*query.Options) { return querytest.AllowTokens(grants...) }

func pick[T any](r *rand.Rand, list []T) T      { return querytest.Pick(r, list) }
func chance(r *rand.Rand, percent int) bool     { return querytest.Chance(r, percent) }
func encodeObject(object map[string]any) string { return querytest.EncodeObject(object) }
