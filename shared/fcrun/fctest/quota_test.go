package fctest

import (
	"testing"
	"time"
)

func TestCPUQuota(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		cpu           float64
		quota, period time.Duration
	}{
		{0.5, 5 * time.Millisecond, 10 * time.Millisecond},
		{2, 20 * time.Millisecond, 10 * time.Millisecond},
		{0.1, time.Millisecond, 10 * time.Millisecond},
		{0.05, time.Millisecond, 20 * time.Millisecond},
	} {
		if quota, period := cpuQuota(row.cpu); quota != row.quota || period != row.period {
			t.Errorf("%v vCPU: %s in %s, want %s in %s", row.cpu, quota, period, row.quota, row.period)
		}
	}
}
