package query_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"community-images/shared/archive/archivetest"
	"community-images/shared/catalog"
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
