//go:build !race

package main

import (
	"os"
	"path/filepath"
	"testing"

	"community-images/scripts/build/bundle"
)

// TestSizeOfTheFunctions holds both functions to what they may weigh as they are deployed.
// Packing takes ten times as long with the race detector, which has nothing to find in it.
func TestSizeOfTheFunctions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := bundle.Compile(t.Context(), ".", dir, bundle.Release("test")...); err != nil {
		t.Fatal(err)
	}
	for _, name := range bundle.Functions {
		binary, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		packed, err := bundle.Zip(name, binary)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%-8s binary %.2f MB of %.1f, zip %.2f MB of %.1f", name, float64(len(binary))/1e6, bundle.MaxBinary/1e6,
			float64(len(packed))/1e6, bundle.MaxZip/1e6)
		if len(binary) > bundle.MaxBinary || len(packed) > bundle.MaxZip {
			t.Errorf("%s has %d bytes, zipped %d; at most %d and %d are allowed", name, len(binary), len(packed),
				bundle.MaxBinary, bundle.MaxZip)
		}
	}
}
