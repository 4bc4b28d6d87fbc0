package format

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"community-images/shared/catalog"
)

// idsLineOf returns the first line of an index of images with ids.
func idsLineOf(ids ...string) []byte {
	var images []*catalog.Image
	for _, id := range slices.Sorted(slices.Values(ids)) {
		images = append(images, &catalog.Image{ImageID: id})
	}
	x := &Index{}
	x.images.Store(&images)
	return x.appendIDs(nil)
}

// describe returns what a head says of a first line.
func describe(line []byte) IndexImages {
	return IndexImages{IDsDigest: HashLine(line), IDsLength: int64(len(line))}
}

// TestIndexedIDs: the first line has each id once, whatever its text, and no other one.
func TestIndexedIDs(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		ids    []string
		line   string
		absent []string
	}{
		{nil, `{"ImageIds":[]}`, []string{"", "a"}},
		{[]string{"a"}, `{"ImageIds":["a"]}`, []string{"", "A", "aa", `"a"`}},
		{[]string{"m-2", "m-1", "m-10", "m-2"}, `{"ImageIds":["m-1","m-10","m-2"]}`,
			[]string{"m-", "m-11", `m-1","m-10`}},
		{[]string{`z","y`, "\\", "Z", "\n", `"`}, `{"ImageIds":["\n","\"","Z","\\","z\",\"y"]}`,
			[]string{"z", "y", "n", `\"`}},
		{[]string{"é]}", "镜像"}, `{"ImageIds":["é]}","镜像"]}`, []string{"é", "镜"}},
	} {
		line := idsLineOf(row.ids...)
		if string(line) != row.line {
			t.Errorf("the line of %q is %s, want %s", row.ids, line, row.line)
		}
		ids, err := DecodeIndexedIDs(line, describe(line))
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		for _, id := range row.ids {
			if !ids.Has(id) {
				t.Errorf("%s does not have %q", line, id)
			}
		}
		for _, id := range row.absent {
			if ids.Has(id) {
				t.Errorf("%s has %q", line, id)
			}
		}
	}
}

// TestIndexedIDsThatAreNotThose: bytes other than the ones that the head describes are an
// error, and so are bytes that are no first line although the head describes them.
func TestIndexedIDsThatAreNotThose(t *testing.T) {
	t.Parallel()
	good := idsLineOf("a", "b")
	for _, line := range []string{"", `{"ImageIds":["a","c"]}`, string(good[:len(good)-1]), string(good) + "\n"} {
		if _, err := DecodeIndexedIDs([]byte(line), describe(good)); err == nil ||
			!strings.Contains(err.Error(), "not the one that the head describes") {
			t.Errorf("%q: %v", line, err)
		}
	}
	for _, line := range []string{"", "{}", `{"ImageIds":["a"]`, `{"ImageIds":`, `["a"]`, `{"ImageIds":[]},`} {
		if _, err := DecodeIndexedIDs([]byte(line), describe([]byte(line))); err == nil ||
			!strings.Contains(err.Error(), "the stored form") {
			t.Errorf("%q: %v", line, err)
		}
	}
}

// FuzzIndexedIDs decodes any bytes that a head can describe. What encoding/json finds in a
// line as it is stored is found, and nothing else.
func FuzzIndexedIDs(f *testing.F) {
	for _, line := range []string{"", `{"ImageIds":[]}`, `{"ImageIds":["a","b"]}`, `{"ImageIds":["a\",\"b","\\"]}`,
		`{"ImageIds":[,]}`, `{"ImageIds":["b","a"]}`, `{"ImageIds":"]}`, `{"ImageIds":[""]}`,
		"{\"ImageIds\":[\"\xff\"]}"} {
		f.Add([]byte(line), "a")
	}
	f.Fuzz(func(t *testing.T, line []byte, id string) {
		ids, err := DecodeIndexedIDs(line, describe(line))
		if err != nil {
			return
		}
		has := ids.Has(id)
		var stored struct{ ImageIds []string }
		if json.Unmarshal(line, &stored) != nil || string(idsLineOf(stored.ImageIds...)) != string(line) {
			return
		}
		if has != slices.Contains(stored.ImageIds, strings.Map(func(r rune) rune { return r }, id)) {
			t.Errorf("%s has %q: %t", line, id, has)
		}
		for _, id := range stored.ImageIds {
			if !ids.Has(id) {
				t.Errorf("%s does not have %q", line, id)
			}
		}
	})
}
