package main

import (
	"fmt"
	"runtime"
	"testing"

	"community-images/shared/cloud"
	"community-images/shared/ehpc/ehpctest"
	"community-images/shared/fcrun/fctest"
)

// maxPeak is what the process may hold of the 256 MB that FC gives it, in kB.
const maxPeak = 160 << 10

// TestMemory runs the real binary, told to have 256 MB, on a large fleet:
// everything new, nothing changed, everything changed, and the last again in a
// new instance.
func TestMemory(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("memory is read from /proc: runs on Linux, as CI does")
	}
	scopes, distinct := 100, 2000
	if *faultsLong {
		scopes, distinct = 2000, 10000
	}
	const images = 400
	w, data := newFixture(t), ehpctest.NewSized(region, scopes, images, distinct)
	w.ehpc.SetData(data)
	start := func() *fctest.Function {
		f, err := fctest.Start(t.Context(), fctest.Binary(t, "community-images/functions/snapshot"), fctest.Options{
			Env: append(w.functionEnv(), "SNAPSHOT_UNSCOPED=false", "SNAPSHOT_QPS=10000"), Memory: 256,
			Output: w.addLog,
			Credentials: cloud.Credentials{AccessKeyID: w.oss.Key.ID, AccessKeySecret: w.oss.Key.Secret,
				SecurityToken: w.oss.Key.Token},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(f.Stop)
		return f
	}
	f := start()
	for _, step := range []struct {
		name    string
		next    bool
		cold    bool
		changed int
	}{{"everything is new", false, false, scopes}, {"nothing has changed", false, false, 0},
		{"everything has changed", true, false, scopes}, {"everything has changed, cold", true, true, scopes}} {
		if step.next {
			data.ChangeImages()
		}
		if step.cold {
			f.Stop()
			f = start()
		}
		if c := w.runSnapshot(f).Regions[0].Counts; c.Changed != step.changed || c.Failed+c.Left+c.Held > 0 {
			t.Fatalf("%s: %+v", step.name, c)
		}
		peak := processStatus(t, f, "VmHWM:")
		t.Logf("%d scopes of %d images, %s: peak %s MB, resident %s MB", scopes, images, step.name, megabytes(peak),
			megabytes(processStatus(t, f, "VmRSS:")))
		if peak > maxPeak {
			t.Errorf("%s: the process held %s MB, at most %s are allowed", step.name, megabytes(peak),
				megabytes(maxPeak))
		}
	}
}

func megabytes(kB int) string { return fmt.Sprintf("%.1f", float64(kB)*1024/1e6) }
