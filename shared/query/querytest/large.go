package querytest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"community-images/shared/archive/archivetest"
	"community-images/shared/catalog"
)

// NewLargeRegion returns a fixture with one commit in Hangzhou. Every cluster
// ehpc-hz-00000000, ehpc-hz-00000001, … offers imagesEach images, which are
// drawn from distinct ones; their ids are m-bp1 and a number of 16 digits.
func NewLargeRegion(t testing.TB, clusters, imagesEach, distinct int) *Fixture {
	t.Helper()
	f := New(t)
	random := rand.New(rand.NewPCG(5, 6))
	pool := make([]*catalog.Image, distinct)
	for i := range pool {
		pool[i] = archivetest.ParseImages(t, newLargeRegionImage(i))[0]
	}
	found := archivetest.Content{}
	for c := range clusters {
		var list []*catalog.Image
		for _, i := range random.Perm(distinct)[:imagesEach] {
			list = append(list, pool[i])
		}
		found[fmt.Sprintf("ehpc-hz-%08d/_any", c)] = list
	}
	f.CommitRun(archivetest.Hangzhou, found)
	f.Now = f.Now.Add(time.Minute)
	return f
}

// newLargeRegionImage returns image number i as upstream's object.
func newLargeRegionImage(i int) string {
	platform := []string{"CentOS", "Ubuntu", "Debian", "Aliyun"}[i%4]
	version := fmt.Sprintf("%d.%d", 6+i%3, i%12)
	status := []string{"Available", "Available", "UnAvailable", "Creating"}[i/7%4]
	tag := fmt.Sprintf(`{"Platform":%q,"OsTag":"%s_%s_64","Version":%q,"Architecture":"x86_64"}`,
		platform, platform, version, version)
	return fmt.Sprintf(`{"ImageId":"m-bp1%016d","ImageName":"hpc_%s_%s_stack_%d","Status":%q,"Size":%d,`+
		`"ImageOwnerAlias":"others","SkuCode":"ECS","PricingCycle":"Hour","ProductCode":"cmjj%06d","Uid":"1270000000%d",`+
		`"Description":"%s %s for HPC with MPI, release %d, tested on the nodes of the fleet","PostInstallScript":"",`+
		`"BaseOsTag":%s,"OsTag":%s}`,
		i, platform, version, i, status, 20+i%9*20,
		i%977, i%10,
		platform, version, i,
		tag, tag)
}
