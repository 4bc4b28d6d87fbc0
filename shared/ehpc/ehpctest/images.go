package ehpctest

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// osTag is an operating system as E-HPC describes it. Fields are in the order of the
// reference page's sample.
type osTag struct {
	Platform     string `json:"Platform"`
	OsTag        string `json:"OsTag"`
	Version      string `json:"Version"`
	Architecture string `json:"Architecture"`
	BaseOsTag    string `json:"BaseOsTag,omitempty"`
}

// image is one entry of ListCommunityImages, with what decides who is offered it.
type image struct {
	Status            string `json:"Status"`
	PostInstallScript string `json:"PostInstallScript"`
	Description       string `json:"Description"`
	Size              int    `json:"Size"`
	ImageOwnerAlias   string `json:"ImageOwnerAlias"`
	ImageName         string `json:"ImageName"`
	SkuCode           string `json:"SkuCode"`
	PricingCycle      string `json:"PricingCycle"`
	ImageID           string `json:"ImageId"`
	ProductCode       string `json:"ProductCode"`
	UID               string `json:"Uid"`
	BaseOsTag         osTag  `json:"BaseOsTag"`
	OsTag             osTag  `json:"OsTag"`

	gpu       bool // for GPU instance types only
	universal bool // usable by every cluster
	large     bool // too large for small instance types
	// deniedTo is the id of the one cluster that is not offered the image; empty: no such
	deniedTo string
}

// operatingSystem is one that images are made of.
type operatingSystem struct {
	platform, name, arch string
	versions             []string // oldest first
	universal            bool     // every cluster can run it
}

var operatingSystems = []operatingSystem{
	{"CentOS", "CentOS", "x86_64", []string{"6.9", "7.2", "7.3", "7.6", "7.9", "8.2"}, true},
	{"CentOS", "CentOS", "i386", []string{"6.9"}, false},
	{"Ubuntu", "Ubuntu", "x86_64", []string{"16.04", "18.04", "20.04", "22.04"}, false},
	{"Aliyun", "AliyunLinux", "x86_64", []string{"2.1903", "3.2104"}, true},
	{"Debian", "Debian", "x86_64", []string{"9.13", "10.10", "11.6"}, false},
	{"SUSE", "SUSE", "x86_64", []string{"12.5", "15.3"}, false},
	{"OpenSUSE", "OpenSUSE", "x86_64", []string{"15.2"}, false},
	{"CoreOS", "CoreOS", "x86_64", []string{"2247.6"}, false},
	{"Windows Server 2008", "WindowsServer", "x86_64", []string{"2008"}, false},
	{"Windows Server 2012", "WindowsServer", "x86_64", []string{"2012"}, false},
	{"Others Linux", "Rocky", "x86_64", []string{"8.6"}, false},
	{"Customized Linux", "Customized", "x86_64", []string{"1.0"}, true},
}

// software is installed on images.
type software struct {
	name, description string
	size              int // GiB on top of the system
	gpu, windows      bool
	product           string // of the marketplace; empty: free
}

var softwareList = []software{
	{name: "base", description: "Plain system with the scheduler's packages"},
	{name: "OpenFOAM_8", description: "OpenFOAM 8 with OpenMPI 4.0.5", size: 20},
	{name: "WRF_4.2", description: "WRF 4.2 and WPS, NetCDF 4.7", size: 60},
	{name: "GROMACS_2021.3", description: "GROMACS 2021.3, single and double precision", size: 20},
	{name: "GROMACS_2021.3_CUDA11.4", description: "GROMACS 2021.3 for CUDA 11.4", size: 40, gpu: true},
	{name: "oneAPI_2022.2", description: "Intel oneAPI HPC toolkit 2022.2", size: 40, product: "cmjj028301"},
	{name: "OceanBase_OBD_1ECS-3OB_3.0", description: "OceanBase 3.0 deployed by OBD: one host, three nodes", size: 60,
		product: "cmjj028279"},
	{name: "PyTorch_1.13_CUDA11.6", description: "PyTorch 1.13, CUDA 11.6, NCCL 2.14", size: 100, gpu: true,
		product: "cmjj041877"},
	{name: "LAMMPS_29Sep2021", description: "LAMMPS stable 29 Sep 2021", size: 20},
	{name: "GATK_4.2", description: "GATK 4.2, BWA 0.7.17 and samtools", size: 160, product: "cmjj036520"},
	{name: "Blender_2.93", description: "Blender 2.93 render node", size: 40, windows: true},
	{name: "VRay_5", description: "V-Ray 5 standalone with the Deadline client", size: 60, windows: true,
		product: "cmjj033912"},
	{name: "ParaView_5.10_VNC", description: "ParaView 5.10 on a remote desktop", size: 40, gpu: true},
}

// newImages returns the images of a region at tick 0. They depend only on rng.
func newImages(rng *rand.Rand, prefix string) []*image {
	var images []*image
	for _, b := range operatingSystems {
		for _, version := range b.versions {
			for _, s := range softwareList {
				if windows := strings.HasPrefix(b.platform, "Windows"); windows != s.windows && s.name != "base" ||
					b.arch == "i386" && s.name != "base" {
					continue
				}
				images = append(images, newImage(rng, prefix, b, version, s))
			}
		}
	}
	return images
}

func newImage(rng *rand.Rand, prefix string, b operatingSystem, version string, s software) *image {
	bits := map[string]string{"x86_64": "64", "i386": "32"}[b.arch]
	t := osTag{Platform: b.platform, OsTag: b.name + "_" + version + "_" + bits, Version: version, Architecture: b.arch}
	im := &image{
		Status: "Available", Description: s.description, Size: 40 + s.size, ImageOwnerAlias: "others",
		ImageName: fmt.Sprintf("%s_%s%s_%s", imageNamePrefix(b.platform), b.name, version, s.name), SkuCode: "ECS",
		PricingCycle: "Hour",
		ImageID:      "m-" + prefix + randomLetters(rng, 17),
		UID:          fmt.Sprint(1_000_000_000_000_000 + rng.Int64N(900_000_000_000_000)),
		BaseOsTag:    t, OsTag: t,
		gpu: s.gpu, universal: b.universal && !s.gpu && s.product == "", large: s.size >= 100,
	}
	im.OsTag.BaseOsTag = t.OsTag
	if s.product != "" {
		im.ProductCode, im.SkuCode, im.PricingCycle = s.product, "package", []string{"Month", "Year",
			"Hour"}[rng.IntN(3)]
	}
	if rng.IntN(7) == 0 {
		im.ImageOwnerAlias = "self"
	}
	if s.name != "base" && rng.IntN(3) == 0 {
		im.PostInstallScript = fmt.Sprintf("#!/bin/sh\n# finishes the set-up of %s\n/opt/%s/setup.sh --scheduler "+
			"auto && echo \"ready\" >> /var/log/post.log\n", s.name, strings.ToLower(s.name))
	}
	switch n := rng.IntN(20); {
	case n == 0:
		im.Status = "UnAvailable"
	case n == 1 && im.ImageOwnerAlias == "self":
		im.Status = "CreateFailed"
	}
	return im
}

func imageNamePrefix(platform string) string {
	if strings.HasPrefix(platform, "Windows") {
		return "win"
	}
	return "linux"
}

func randomLetters(rng *rand.Rand, n int) string {
	const alphabet = "0123456789abcdefghijklmnopqrstuvwxyz"
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[rng.IntN(len(alphabet))]
	}
	return string(b)
}
