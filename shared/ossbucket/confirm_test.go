package ossbucket_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"community-images/shared/ossbucket/osstest"
)

// TestRefusedReadOfNothing: a store that does not tell whether an object is
// there is asked by a list.
func TestRefusedReadOfNothing(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, stored string // the key that is stored, besides the one that is read: "key"
		listed       bool   // whether lists are granted
		is           error
	}{
		{"there is nothing", "", true, fs.ErrNotExist},
		{"there is a longer key only", "key2", true, fs.ErrNotExist},
		{"the object is there", "key", true, fs.ErrPermission},
		{"nobody may list", "", false, fs.ErrPermission},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			e := osstest.Start(t, "")
			b := open(t, e, nil)
			if row.stored != "" {
				if err := b.Put(t.Context(), row.stored, []byte("0123456789")); err != nil {
					t.Fatal(err)
				}
			}
			e.SetFault(func(r osstest.Request) *osstest.Fault {
				if r.Key == "" && row.listed {
					return nil
				}
				return &osstest.Fault{Status: 403, Code: "AccessDenied"}
			})
			_, _, err := b.Get(context.Background(), "key", "")
			if !errors.Is(err, row.is) || errors.Is(err, fs.ErrNotExist) != (row.is == fs.ErrNotExist) {
				t.Error("Get:", err)
			}
			_, err = b.GetFrom(context.Background(), "key", 5, 3)
			if !errors.Is(err, row.is) || errors.Is(err, fs.ErrNotExist) != (row.is == fs.ErrNotExist) {
				t.Error("GetFrom:", err)
			}
			if got, want := e.Requests(), fmt.Sprintf("GET key: 403 AccessDenied\nGET ?prefix=key: %[1]s\nGET key "+
				"from 5-7: 403 AccessDenied\nGET ?prefix=key: %[1]s",
				map[bool]string{true: "200", false: "403 AccessDenied"}[row.listed]); lastLines(got, 4) != want {
				t.Errorf("the requests are\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func lastLines(text string, n int) string {
	end := len(text)
	for i := len(text) - 1; i >= 0; i-- {
		if text[i] == '\n' {
			if n--; n == 0 {
				return text[i+1 : end]
			}
		}
	}
	return text
}
