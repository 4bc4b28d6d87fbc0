package fault

import (
	"testing"

	"community-images/shared/query/field"
)

// TestDidYouMean checks which field is suggested for a misspelt one, if any.
func TestDidYouMean(t *testing.T) {
	t.Parallel()
	names := field.NewSchema(nil).FieldNames()
	for name, want := range map[string]string{
		"Statsu": "Status", "imagename": "ImageName", "Platfrom": "OsTag.Platform", "Version": "OsTag.Version",
		"architecture": "OsTag.Architecture", "OsTag": "OsTag.OsTag", "": "", "x": "",
		"OsTag.Platfom": "OsTag.Platform", "zzzzzz": "", "Sise": "Size",
	} {
		if got := NearestName(name, names, MaxEdits(name)); got != want {
			t.Errorf("%q: did you mean %q", name, got)
		}
	}
}
