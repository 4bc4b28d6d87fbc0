//go:build debian

package query_test

import (
	"bytes"
	"os/exec"
	"testing"
)

// TestDebianAtomKeepsItsSchema holds feeds against testdata/atom.rng.
func TestDebianAtomKeepsItsSchema(t *testing.T) {
	t.Parallel()
	h := newAtomRegion(t).Handler()
	for _, target := range []string{
		"/v1/changes?format=atom", "/v1/changes?format=atom&since=0&limit=3", "/v1/changes?format=atom&since=4",
		"/v1/images/m-ubuntu/history?format=atom",
		"/v1/changes?format=atom&ImageId=a%2Cb%26c%3Cd%3E%22%5C%5C", "/v1/images/m-%3C%26%22%27%3E/history?format=atom",
	} {
		rec := get(h, target)
		if out, err := xmllint(rec.Body.Bytes()); err != nil || rec.Code != 200 {
			t.Errorf("%s: %d %v\n%s\n%s", target, rec.Code, err, out, rec.Body)
		}
	}
	good := get(h, "/v1/changes?format=atom").Body.Bytes()
	for part, spoilt := range map[string]string{
		"<id>urn:uuid:": "<id>", "T11:30:00.000Z</updated>": " 11:30</updated>", ` href="`: ` ref="`,
		"</author>": "</author><id>urn:x:y</id>", "<name>community-images</name>": "", ` type="text"`: ` type="txt"`,
	} {
		bad := bytes.Replace(good, []byte(part), []byte(spoilt), 1)
		if _, err := xmllint(bad); err == nil || bytes.Equal(bad, good) {
			t.Errorf("a feed with %q in the place of %q passes", spoilt, part)
		}
	}
}

func xmllint(feed []byte) ([]byte, error) {
	cmd := exec.Command("xmllint", "--noout", "--nonet", "--relaxng", "testdata/atom.rng", "-")
	cmd.Stdin = bytes.NewReader(feed)
	return cmd.CombinedOutput()
}
