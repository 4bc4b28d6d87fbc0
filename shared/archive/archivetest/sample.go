package archivetest

import (
	"testing"
	"time"

	"community-images/shared/alias"
	"community-images/shared/catalog"
)

// The sample images are objects as upstream sends them.

// SampleImage is the image of E-HPC's own documentation, with every field.
const SampleImage = `{"Status":"Available","PostInstallScript":"example.sh","Description":"ExampleDescription",` +
	`"Size":40,"ImageOwnerAlias":"self","ImageName":"linux_CentOS7.2_OceanBase_OBD_1ECS-3OB_3.0","SkuCode":"ECS",` +
	`"PricingCycle":"Month","ImageId":"m-bp181x855551ww5yq****","ProductCode":"cmjj028279","Uid":"127****",` +
	`"BaseOsTag":{"Platform":"CentOS","OsTag":"CentOS_7.2_64","Version":"7.2","Architecture":"x86_64"},` +
	`"OsTag":{"Platform":"CentOS","OsTag":"CentOS_7.2_64","Version":"7.2","Architecture":"x86_64",` +
	`"BaseOsTag":"CentOS_7.2_64"}}`

// CentOS79 is CentOS 7.9, without a description or product code.
const CentOS79 = `{"ImageId":"m-cent79","ImageName":"hpc-centos-7.9","Status":"Available","Size":40,"Uid":"1",` +
	`"OsTag":{"Platform":"CentOS","OsTag":"CentOS_7.9_64","Version":"7.9","Architecture":"x86_64"}}`

// CentOS710 is CentOS 7.10, with a member that this project does not know.
const CentOS710 = `{"ImageId":"m-cent710","ImageName":"hpc-centos-7.10","Status":"Available","Size":100,"Uid":"1",` +
	`"OsTag":{"Platform":"CentOS","OsTag":"CentOS_7.10_64","Version":"7.10","Architecture":"x86_64"},` +
	`"NewField":{"a":[1,2.50]}}`

// UbuntuCreating is Ubuntu 22.04 in the state Creating. Its description looks like a formula.
const UbuntuCreating = `{"ImageId":"m-ubuntu","ImageName":"深度学习 ubuntu",` +
	`"Description":"=HYPERLINK(\"http://x\")",` +
	`"Status":"Creating","Size":500,"ProductCode":"cmjj1","OsTag":{"Platform":"Ubuntu",` +
	`"OsTag":"Ubuntu_22.04_64","Version":"22.04","Architecture":"x86_64"}}`

// UbuntuAvailable is the same image with the state Available.
const UbuntuAvailable = `{"ImageId":"m-ubuntu","ImageName":"深度学习 ubuntu",` +
	`"Description":"=HYPERLINK(\"http://x\")",` +
	`"Status":"Available","Size":500,"ProductCode":"cmjj1","OsTag":{"Platform":"Ubuntu",` +
	`"OsTag":"Ubuntu_22.04_64","Version":"22.04","Architecture":"x86_64"}}`

// Windows is Windows Server 2003, without a Size, on i386.
const Windows = `{"ImageId":"m-win","ImageName":"win, server","Status":"UnAvailable",` +
	`"OsTag":{"Platform":"Windows Server 2003","OsTag":"Win2003_64","Version":"2003","Architecture":"i386"}}`

// ParseImages parses images that are given as upstream's objects. Without any
// it returns an empty list, not nil.
func ParseImages(t testing.TB, objects ...string) []*catalog.Image {
	t.Helper()
	list := []*catalog.Image{}
	for _, object := range objects {
		image, err := catalog.ParseImage([]byte(object))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, image)
	}
	return list
}

// NewSmallRegion returns a fixture with three commits in Hangzhou, an hour
// apart; Now is half an hour after the last. Cluster ehpc-a gains and loses
// images and is asked about one instance type too. The check of ehpc-b fails in
// the last run. ehpc-new has never answered. The alias "newest" is that of ehpc-a, and
// "held" is that of ehpc-b, with a pin that ends after the first commit.
func NewSmallRegion(t testing.TB) *Fixture {
	t.Helper()
	f := New(t)
	f.Aliases = alias.File{Hangzhou: {
		{Name: "held", Lookup: "ClusterId=ehpc-b&sort=-OsTag.Version",
			Pin: &alias.Pin{ImageID: "m-cent79", Reason: "drivers", Until: catalog.At(f.Now.Add(30 * time.Minute))}},
		{Name: "newest", Description: "of ehpc-a", Lookup: "ClusterId=ehpc-a&Status=Available&sort=-OsTag.Version"},
	}}
	common := ParseImages(t, SampleImage, CentOS79)
	f.CommitRun(Hangzhou, Content{
		"_any/_any":           common,
		"ehpc-a/_any":         ParseImages(t, SampleImage, CentOS79, UbuntuCreating, Windows),
		"ehpc-a/ecs.c7.large": ParseImages(t, SampleImage, UbuntuCreating),
		"ehpc-b/_any":         common,
		"ehpc-new/_any":       nil,
	})
	f.Now = f.Now.Add(time.Hour)
	f.CommitRun(Hangzhou, Content{
		"_any/_any":           common,
		"ehpc-a/_any":         ParseImages(t, SampleImage, CentOS79, CentOS710, UbuntuCreating),
		"ehpc-a/ecs.c7.large": ParseImages(t, SampleImage, CentOS710, UbuntuCreating),
		"ehpc-b/_any":         ParseImages(t, SampleImage, UbuntuAvailable),
		"ehpc-new/_any":       nil,
	})
	f.Now = f.Now.Add(time.Hour)
	f.CommitRun(Hangzhou, Content{
		"_any/_any":           common,
		"ehpc-a/_any":         ParseImages(t, SampleImage, CentOS79, CentOS710, UbuntuCreating),
		"ehpc-a/ecs.c7.large": ParseImages(t, SampleImage, CentOS710, UbuntuCreating),
		"ehpc-b/_any":         nil,
		"ehpc-new/_any":       nil,
	})
	f.Now = f.Now.Add(30 * time.Minute)
	return f
}
