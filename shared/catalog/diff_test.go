package catalog

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		before, after string
		want          Diff
	}{
		"nothing happened": {`[{"ImageId":"a","Size":1}]`, `[{"Size":1,"ImageId":"a"}]`, Diff{}},
		"added and removed": {`[{"ImageId":"a"},{"ImageId":"b"}]`, `[{"ImageId":"b"},{"ImageId":"c"}]`,
			Diff{Added: []string{"c"}, Removed: []string{"a"}}},
		"fields, nested, new and gone": {
			`[{"ImageId":"a","Status":"Creating","OsTag":{"Version":"7.2","Platform":"CentOS"},"Old":1}]`,
			`[{"ImageId":"a","Status":"Available","OsTag":{"Version":"7.9","Platform":"CentOS"},"New":null}]`,
			Diff{Changed: []ChangedImage{{"a", []FieldChange{
				{Field: "New", After: []byte("null")},
				{Field: "Old", Before: []byte("1")},
				{Field: "OsTag.Version", Before: []byte(`"7.2"`), After: []byte(`"7.9"`)},
				{Field: "Status", Before: []byte(`"Creating"`), After: []byte(`"Available"`)},
			}}}}},
		"an object that became text": {`[{"ImageId":"a","OsTag":{"OsTag":"x"}}]`, `[{"ImageId":"a","OsTag":"x"}]`,
			Diff{Changed: []ChangedImage{{"a", []FieldChange{{Field: "OsTag", Before: []byte(`{"OsTag":"x"}`),
				After: []byte(`"x"`)}}}}}},
		"one of two entries changed": {`[{"ImageId":"a","N":1},{"ImageId":"a","N":2}]`,
			`[{"ImageId":"a","N":1},{"ImageId":"a","N":3}]`,
			Diff{Changed: []ChangedImage{{"a", []FieldChange{{Field: "N", Before: []byte("2"), After: []byte("3")}}}}}},
		"a second entry appeared": {`[{"ImageId":"a","N":1}]`, `[{"ImageId":"a","N":1},{"ImageId":"a","N":2}]`,
			Diff{Changed: []ChangedImage{{"a", []FieldChange{{After: []byte(`{"ImageId":"a","N":2}`)}}}}}},
		"from nothing": {`[]`, `[{"ImageId":"a"}]`, Diff{Added: []string{"a"}}},
		"to nothing":   {`[{"ImageId":"a"}]`, `[]`, Diff{Removed: []string{"a"}}},
	} {
		got := Compare(Normalise(images(t, tc.before)), Normalise(images(t, tc.after)))
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		if got.Empty() != cmp.Equal(got, Diff{}) {
			t.Errorf("%s: Empty() = %v", name, got.Empty())
		}
	}
}
