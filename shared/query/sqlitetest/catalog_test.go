package sqlitetest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"

	"community-images/shared/archive/archivetest"
	"community-images/shared/catalog"
	"community-images/shared/query/querytest"
)

// generatedImage is an image: the object as upstream sends it, and the text that each
// field has by the contract. A field without a value is not in texts.
type generatedImage struct {
	number int // of this content, in the object as N
	object string
	texts  map[string]string
}

// The fields by the way they compare, as the contract says.
var (
	textFields = []string{"ImageId", "ImageName", "Status", "ImageOwnerAlias", "SkuCode", "PricingCycle",
		"ProductCode", "Uid", "Description", "PostInstallScript", "BaseOsTag.Platform", "BaseOsTag.OsTag",
		"BaseOsTag.Architecture", "OsTag.Platform", "OsTag.OsTag", "OsTag.Architecture", "OsTag.BaseOsTag"}
	versionFields = []string{"BaseOsTag.Version", "OsTag.Version"}
	everyField    = slices.Concat(textFields, versionFields, []string{"Size"})
	everyColumn   = slices.Concat(everyField, dateFields)
)

// valuesByMember are the values of members. They are few, so that conditions match
// and images tie.
var valuesByMember = map[string][]string{
	"ImageName": {"hpc-centos-7.9", "hpc-centos-7.10", "HPC-CentOS-7.9", "win, server", `say "hi"`,
		"100% linux", "深度学习 ubuntu", "ÉCOLE straße", "a_b*c?[d]", `back\slash`,
		"it's", "ｗｉｄｅ", "🚀 rocket",
		"x", "=1+1",
		"two\nlines"},
	"Status":          {"Available", "UnAvailable", "Creating", "CreateFailed", "available"},
	"ImageOwnerAlias": {"self", "others"},
	"SkuCode":         {"ECS", "package"},
	"PricingCycle":    {"Hour", "Month", "Year"},
	"ProductCode":     {"cmjj028279", "cmjj1", "CMJJ1", "cmjj%"},
	"Uid":             {"127****", "1", "10", "9"},
	"Description": {"An image, for you", "linux with MPI", "LINUX", "описание", "tab\there", "-", "50%_off",
		`a\,b`},
	"PostInstallScript": {"example.sh", "#!/bin/sh\necho ok", "true"},
	"Platform":          {"CentOS", "Ubuntu", "Windows Server 2003", "centos", "Alibaba Cloud Linux"},
	"OsTag":             {"CentOS_7.2_64", "CentOS_7.10_64", "Ubuntu_22.04_64", "Win2003_64"},
	"BaseOsTag":         {"CentOS_7.2_64", "CentOS_7.10_64"},
	"Version": {"7.2", "7.9", "7.10", "07.9", "2003", "22.04", "12 SP1", "12", "12.1", "12 sp1", "7.9-rc1",
		"7.9rc", "7.9 RC.1", "7.9-hotfix", "12-SP1", "12_SP1", "v7", "V7", "v7.2", "v", "", "7.", "-",
		"99999999999999999999", "99999999999999999999.1", "é7", "7.9.0"},
	"Architecture": {"x86_64", "i386", "arm64"},
}

// generateImage makes an image with values of valuesByMember.
func generateImage(r *rand.Rand, n, ids int) generatedImage {
	rec := generatedImage{number: n, texts: map[string]string{}}
	id := fmt.Sprintf("m-%d", r.IntN(ids))
	if querytest.Chance(r, 5) {
		id = querytest.Pick(r, []string{"m-%41", "m 1", "M-1", "m-ü", "m-1,2", `m-"q"`})
	}
	rec.texts["ImageId"] = id
	object := map[string]any{"ImageId": id, "N": n}
	for _, name := range []string{"ImageName", "Status", "ImageOwnerAlias", "SkuCode", "PricingCycle", "ProductCode",
		"Uid", "Description", "PostInstallScript"} {
		rec.putMember(r, object, name, name)
	}
	rec.putSize(r, object)
	for _, name := range []string{"BaseOsTag", "OsTag"} {
		rec.putTag(r, object, name)
	}
	rec.object = querytest.EncodeObject(object)
	return rec
}

// putMember gives an object a member, or leaves it without a value in one of the ways
// that upstream has.
func (rec *generatedImage) putMember(r *rand.Rand, object map[string]any, member, field string) {
	value := querytest.Pick(r, valuesByMember[member])
	switch k := r.IntN(20); {
	case k < 2:
		return
	case k == 2:
		object[member] = nil
		return
	case k == 3:
		object[member] = ""
		return
	case k == 4 && (member == "Version" || member == "Uid"):
		value = querytest.Pick(r, []string{"7.9", "7.5", "8", "2003", "127"})
		object[member] = json.Number(value)
	case k == 5 && member == "PostInstallScript":
		value = "true"
		object[member] = true
	default:
		object[member] = value
	}
	if value != "" {
		rec.texts[field] = value
	}
}

func (rec *generatedImage) putSize(r *rand.Rand, object map[string]any) {
	size := querytest.Pick(r, []string{"9", "40", "100", "500", "0", "40.5", "0.25"})
	switch k := r.IntN(20); {
	case k < 2:
		return
	case k == 2:
		object["Size"] = nil
		return
	case k == 3: // is no number: no value to compare
		object["Size"] = querytest.Pick(r, []string{"large", "0x28", "Inf", "nan", "4_0", "1e999"})
		return
	case k < 6:
		object["Size"] = size
	default:
		object["Size"] = json.Number(size)
	}
	rec.texts["Size"] = size
}

// putTag gives the object a system. Sometimes it is a plain string, as upstream sent
// it once.
func (rec *generatedImage) putTag(r *rand.Rand, object map[string]any, name string) {
	switch k := r.IntN(20); {
	case k < 2:
		return
	case k == 2:
		object[name] = nil
		return
	case k == 3:
		rec.texts[name+".OsTag"] = querytest.Pick(r, valuesByMember["OsTag"])
		object[name] = rec.texts[name+".OsTag"]
		return
	}
	members := []string{"Platform", "OsTag", "Version", "Architecture"}
	if name == "OsTag" {
		members = append(members, "BaseOsTag")
	}
	inner := map[string]any{}
	for _, member := range members {
		rec.putMember(r, inner, member, name+"."+member)
	}
	object[name] = inner
}

// generatedCatalog says which scope (cluster, type) offers which images. "" is no
// cluster or type.
type generatedCatalog struct {
	images  []generatedImage
	scopes  scopeImages
	earlier []scopeImages // after the commits before the last one
}

var (
	clusterNames = []string{"", "ehpc-a", "ehpc-b", "ehpc-c", "ehpc-d"}
	typeNames    = []string{"", "ecs.c7.large", "ecs.g6.large"}
)

// generateCatalog makes a catalog. Half of the images share an id with others, so that
// clusters disagree about content.
func generateCatalog(r *rand.Rand) generatedCatalog {
	o := generatedCatalog{scopes: scopeImages{}}
	n := 5 + r.IntN(70)
	for i := range n {
		o.images = append(o.images, generateImage(r, i, n))
	}
	for _, cluster := range clusterNames {
		for _, typ := range typeNames {
			if cluster == "" && typ != "" || typ != "" && querytest.Chance(r, 40) {
				continue
			}
			var has []int
			share := 20 + r.IntN(80)
			for i := range n {
				if querytest.Chance(r, share) {
					has = append(has, i)
				}
			}
			o.scopes[[2]string{cluster, typ}] = has
		}
	}
	o.earlier = generateEarlier(r, o)
	return o
}

// toContent returns what the scopes offer as a run finds it.
func (o generatedCatalog) toContent(state scopeImages) (archivetest.Content, error) {
	parsed := make([]*catalog.Image, len(o.images))
	for i, rec := range o.images {
		im, err := catalog.ParseImage([]byte(rec.object))
		if err != nil {
			return nil, fmt.Errorf("parsing %s: %w", rec.object, err)
		}
		parsed[i] = im
	}
	found := archivetest.Content{}
	for scope, has := range state {
		list := []*catalog.Image{}
		for _, i := range has {
			list = append(list, parsed[i])
		}
		found[catalog.Scope{ClusterID: scope[0], InstanceType: scope[1]}.Path()] = list
	}
	return found, nil
}
