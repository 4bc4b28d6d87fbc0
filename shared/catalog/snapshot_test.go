package catalog

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var scope = Scope{RegionID: "cn-hangzhou", ClusterID: "ehpc-hz-1"}

func images(t *testing.T, array string) []*Image {
	t.Helper()
	list, err := new(Interner).DecodeImages([]byte(array))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestSnapshotDigestIsOfContentAlone(t *testing.T) {
	t.Parallel()
	a := NewSnapshot(scope, At(time.Unix(1, 0)), "r1",
		images(t, `[{"ImageId":"m-2"},{"Size":1,"ImageId":"m-1"},{"ImageId":"m-2"}]`))
	b := NewSnapshot(scope, At(time.Unix(2, 0)), "r2", images(t, `[{"ImageId":"m-1", "Size":1},{"ImageId":"m-2"}]`))
	if a.Digest != b.Digest {
		t.Errorf("equal content has digests %s and %s", a.Digest, b.Digest)
	}
	sum := sha256.Sum256([]byte(`[{"ImageId":"m-1","Size":1},{"ImageId":"m-2"}]`))
	if want := hex.EncodeToString(sum[:]); a.Digest != want {
		t.Errorf("digest is %s, the SHA-256 of the canonical list is %s", a.Digest, want)
	}
}

func TestSnapshotComesBack(t *testing.T) {
	t.Parallel()
	s := NewSnapshot(scope, At(time.Unix(1764000000, 5e6)), "<&>",
		images(t, `[{"ImageId":"m-1","X":[1.50]},{"ImageId":"m-1","X":2}]`))
	data := s.Encode()
	want := `{"CapturedAt":"2025-11-24T16:00:00.005Z","ClusterId":"ehpc-hz-1","Digest":"` + s.Digest + `",` +
		`"Format":1,"ImageCount":2,"Images":[{"ImageId":"m-1","X":2},{"ImageId":"m-1","X":[1.50]}],` +
		`"InstanceType":"","RegionId":"cn-hangzhou","RequestId":"<&>"}` + "\n"
	if string(data) != want {
		t.Errorf("stored bytes are\n%s\nwant\n%s", data, want)
	}
	back, err := DecodeSnapshot(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s, back, cmpopts.IgnoreFields(Image{}, "Number")); diff != "" {
		t.Error(diff)
	}
	if got := back.Ambiguous(); !cmp.Equal(got, []string{"m-1"}) {
		t.Errorf("ambiguous ids are %q", got)
	}
	if empty := NewSnapshot(scope, Time{}, "", nil); !bytes.Contains(empty.Encode(), []byte(`"Images":[],`)) {
		t.Errorf("an empty list is stored as %s", empty.Encode())
	}
}

func TestSnapshotReadingIsVerifying(t *testing.T) {
	t.Parallel()
	good := string(NewSnapshot(scope, Time{}, "", images(t, `[{"ImageId":"m-1"}]`)).Encode())
	for name, bad := range map[string]string{
		"another image":   strings.Replace(good, "m-1", "m-2", 1),
		"another digest":  strings.Replace(good, `"Digest":"`, `"Digest":"0`, 1),
		"another count":   strings.Replace(good, `"ImageCount":1`, `"ImageCount":2`, 1),
		"another format":  strings.Replace(good, `"Format":1`, `"Format":2`, 1),
		"spaces within":   strings.Replace(good, `[{`, `[ {`, 1),
		"cut short":       good[:len(good)/2],
		"no images":       `{"Format":1}`,
		"not an object":   `[]`,
		"null images":     `{"Format":1,"Images":null,"Digest":"` + hexSHA256([]byte("null")) + `"}`,
		"images not list": `{"Format":1,"Images":{},"Digest":"` + hexSHA256([]byte("{}")) + `"}`,
	} {
		if _, err := DecodeSnapshot([]byte(bad), nil); err == nil {
			t.Errorf("%s: is accepted", name)
		}
	}
}

// A snapshot is refused if a writer stored images that are not in canonical form, even
// if its digest is right.
func TestSnapshotWithAmbiguousImagesIsRefused(t *testing.T) {
	t.Parallel()
	for name, image := range map[string]string{
		"Latin-1":                    "{\"ImageId\":\"m-\xe4\"}",
		"half of a surrogate pair":   `{"ImageId":"m-1","Name":"\ud800"}`,
		"a member twice":             `{"ImageId":"m-1","ImageId":"m-2"}`,
		"a nested member twice":      `{"ImageId":"m-1","OsTag":{"OsTag":"a","OsTag":"b"}}`,
		"members that do not ascend": `{"Status":"Available","ImageId":"m-1"}`,
		"too many levels":            `{"ImageId":"m-1","X":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`,
	} {
		list := json.RawMessage("[" + image + "]")
		data, err := MarshalLine(snapshotObject{Format: Format, ImageCount: 1, Images: json.RawMessage("[]"),
			Digest: hexSHA256(list)})
		if err != nil {
			t.Fatal(err)
		}
		data = bytes.Replace(data, []byte(`"Images":[]`), slices.Concat([]byte(`"Images":`), list), 1)
		if s, err := DecodeSnapshot(data, nil); err == nil {
			t.Errorf("%s: taken for %d images", name, len(s.Images))
		}
	}
}

func FuzzDecodeSnapshot(f *testing.F) {
	f.Add([]byte(`{"Format":1,"ImageCount":0,"Images":[],"Digest":"` + hexSHA256([]byte("[]")) + `"}`))
	f.Add([]byte(`{"Format":1,"Images":[{"ImageId":"m-1","OsTag":{}}]}`))
	// what parts an object
	f.Add([]byte(
		`{"ImageCount":1,"Images":[{"ImageId":"m-1","OsTag":",\"Images\":",` +
			`"X":{"InstanceType":"","Images":[]},"InstanceType":""}]}`))
	// ids of stray bytes
	f.Add([]byte(
		"{\"ImageCount\":2,\"Images\":[{\"\xff\":1,\"ImageId\":\"\xff\"},{\"ImageId\":\"\\ud800\",\"ImageId\":null}]}"))
	f.Add([]byte(`{"ImageCount":-1,"Images":[` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + `]}`))
	f.Add([]byte(`{"ImageCount":1e0,"Images":[],"images":{},"Images":[{"ImageId":"a"},{"ImageId":"a"}]}`))
	f.Add([]byte(`,"Images":[` + `,"InstanceType":]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var o snapshotObject
		if json.Unmarshal(data, &o) == nil { // get past the digest
			data, _ = MarshalLine(snapshotObject{Format: 1, ImageCount: o.ImageCount, Images: o.Images,
				Digest: hexSHA256(o.Images)})
		}
		if s, err := DecodeSnapshot(data, nil); err == nil {
			for _, im := range s.Images {
				if im.ImageID == "" {
					t.Fatalf("%s: image without id", data)
				}
				im.Text("OsTag.Version") // nor does what was accepted make a reader panic
			}
		}
	})
}
