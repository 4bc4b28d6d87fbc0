package catalog

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// answer is a list as E-HPC sends it: 200 images, about 109 kB.
func answer() []byte {
	var list []string
	for i := range 200 {
		list = append(list, fmt.Sprintf(`{"Status":"Available","PostInstallScript":"install_%d.sh",`+
			`"Description":"CentOS 7.2 with a scheduler and its libraries, build %d, for compute nodes","Size":40,`+
			`"ImageOwnerAlias":"others","ImageName":"linux_CentOS7.2_OceanBase_OBD_1ECS-3OB_3.%d","SkuCode":"ECS",`+
			`"PricingCycle":"Month","ImageId":"m-bp181x855551ww5yq%04d","ProductCode":"cmjj028279",`+
			`"Uid":"1270000000000000","BaseOsTag":{"Platform":"CentOS","OsTag":"CentOS_7.2_64","Version":"7.2",`+
			`"Architecture":"x86_64"},"OsTag":{"Platform":"CentOS","OsTag":"CentOS_7.2_64","Version":"7.2",`+
			`"Architecture":"x86_64","BaseOsTag":"CentOS_7.2_64"}}`, i, i, i, i))
	}
	return []byte("[" + strings.Join(list, ",") + "]")
}

func BenchmarkDecode(b *testing.B) {
	body := answer()
	bench := func(name string, f func() error) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if err := f(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	bench("floor: json.Valid", func() error {
		if !json.Valid(body) {
			return errNotJSON
		}
		return nil
	})
	bench("floor: json.Unmarshal", func() error { var v []map[string]any; return json.Unmarshal(body, &v) })
	bench("answer", func() error { _, err := new(Interner).DecodeImages(body); return err })
	var warm Interner
	bench("answer, images seen before", func() error { _, err := warm.DecodeImages(body); return err })
	list, err := new(Interner).DecodeImages(body)
	if err != nil {
		b.Fatal(err)
	}
	s := NewSnapshot(scope, Time{}, "", list)
	stored := s.Encode()
	bench("snapshot", func() error { _, err := DecodeSnapshot(stored, nil); return err })
	bench("snapshot, images seen before", func() error { _, err := DecodeSnapshot(stored, &warm); return err })
	bench("encode", func() error { s.Encode(); return nil })
	bench("new", func() error { NewSnapshot(scope, Time{}, "", list); return nil })
}
