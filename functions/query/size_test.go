package main

import (
	"archive/zip"
	"compress/flate"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// What a function may weigh, in bytes: FC loads the zip at every cold start.
const (
	maxBinary = 9_500_000
	maxZip    = 3_800_000
)

// TestSizeOfTheFunctions builds both functions as they are deployed.
func TestSizeOfTheFunctions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", dir+string(filepath.Separator), "community-images/functions/query", "community-images/functions/snapshot")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	for _, name := range []string{"query", "snapshot"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		packed, err := zipped(name, data)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%-8s binary %.2f MB of %.1f, zip %.2f MB of %.1f", name, float64(len(data))/1e6, maxBinary/1e6, float64(packed)/1e6, maxZip/1e6)
		if len(data) > maxBinary || packed > maxZip {
			t.Errorf("%s has %d bytes, zipped %d; at most %d and %d are allowed", name, len(data), packed, maxBinary, maxZip)
		}
	}
}

// zipped is the size of a zip file that holds data.
func zipped(name string, data []byte) (int, error) {
	size := &counter{}
	z := zip.NewWriter(size)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestCompression) })
	w, err := z.Create(name)
	if err == nil {
		_, err = w.Write(data)
	}
	if err == nil {
		err = z.Close()
	}
	return size.n, err
}

type counter struct{ n int }

func (c *counter) Write(p []byte) (int, error) {
	c.n += len(p)
	return len(p), nil
}
