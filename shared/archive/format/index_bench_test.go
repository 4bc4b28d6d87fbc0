package format

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"community-images/shared/catalog"
)

// BenchmarkIndex measures what a cold reader pays for a region of 200 clusters that list
// 200 of 2,000 images, if it needs only ids and if it needs every image.
func BenchmarkIndex(b *testing.B) {
	data := encodeLargeIndex(b)
	for name, needsImages := range map[string]bool{"ids": false, "images": true} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				x, err := DecodeIndex("cn-hangzhou", data, new(catalog.Interner))
				if err != nil {
					b.Fatal(err)
				}
				if needsImages {
					x.Images()
				}
			}
		})
	}
}

// encodeLargeIndex returns the stored index of the benchmark's region. Each image was
// changed at another time.
func encodeLargeIndex(b *testing.B) []byte {
	b.Helper()
	const images, lists, step = 2000, 200, 10
	began := time.Unix(1764000000, 0)
	head, contents, dates := &Head{RegionID: "cn-hangzhou"}, []*catalog.Image{}, DatesByID{}
	for i := range images {
		im, err := catalog.ParseImage(fmt.Appendf(nil, `{"BaseOsTag":{"Platform":"CentOS","Version":"7.%d"},`+
			`"Description":%q,"ImageId":"m-bp1%016d","Status":"Available"}`, i%10, strings.Repeat("d", 400), i))
		if err != nil {
			b.Fatal(err)
		}
		contents = append(contents, im)
		dates[im.ImageID] = ImageDates{ChangedAt: catalog.At(began.Add(time.Duration(i) * time.Hour))}
	}
	all := map[string][]*catalog.Image{}
	for i := range lists {
		var list []*catalog.Image
		for at := i % step; at < images; at += step {
			list = append(list, contents[at])
		}
		digest := fmt.Sprintf("%064x", i)
		all[digest] = list
		head.scopes = append(head.scopes, ScopeState{ClusterID: fmt.Sprintf("ehpc-hz-%08d", i), Digest: digest})
	}
	data, err := NewIndex(head, all, dates).Encode()
	if err != nil {
		b.Fatal(err)
	}
	return data
}
