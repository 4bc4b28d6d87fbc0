package fcrun

import "testing"

func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		size, own string
		want      int64
	}{
		{size: "256", want: 128 << 20},
		{size: "32768", want: 16 << 30},
		{size: "256", own: "200MiB"},
		{size: ""}, {size: "0"}, {size: "-1"}, {size: "much"}, {size: "99999999999"},
	} {
		env := map[string]string{"FC_FUNCTION_MEMORY_SIZE": row.size, "GOMEMLIMIT": row.own}
		if got := memoryLimit(func(name string) string { return env[name] }); got != row.want {
			t.Errorf("with %q MB and GOMEMLIMIT %q the limit is %d, want %d", row.size, row.own, got, row.want)
		}
	}
}
