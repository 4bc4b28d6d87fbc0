// Package bundle builds the code packages of the two functions. A package is a
// zip with one binary for Function Compute's runtime go1.
//
// The same source, version and Go release give the same bytes on every machine
// and in every directory. The name of a package contains the hash of its
// content. A package over MaxZip is an error.
package bundle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"
)

// Functions are the names of the functions and of their binaries.
var Functions = []string{"snapshot", "query"}

// Largest sizes, in bytes. FC loads the zip at every cold start.
const (
	MaxBinary = 11_000_000
	MaxZip    = 4_400_000
)

// Bundle is a code package.
type Bundle struct {
	// Function is snapshot or query. The binary at the zip's root has this name,
	// and so has FC's handler.
	Function string
	// Name is that of the object: community-images-<function>-<hash>.zip.
	Name string
	// Hash has the first 16 hex digits of the zip's SHA-256.
	Hash string
	// Version is what the binary reports.
	Version string
	// Binary is the size of the binary in bytes.
	Binary int
	// Zip is the content of the object.
	Zip []byte
}

// Options configure Make.
type Options struct {
	Root    string // of the module, or any directory in it
	Version string // that the binaries report
}

// Make builds both functions, in the order of Functions.
func Make(ctx context.Context, o Options) ([]Bundle, error) {
	dir, err := os.MkdirTemp("", "community-images-build-")
	if err != nil {
		return nil, fmt.Errorf("creating a directory for the binaries: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := Compile(ctx, o.Root, dir, Release(o.Version)...); err != nil {
		return nil, err
	}
	// Packing at the best compression takes seconds: both at the same time.
	bundles := make([]Bundle, len(Functions))
	var packing errgroup.Group
	for i, function := range Functions {
		packing.Go(func() error {
			binary, err := os.ReadFile(filepath.Join(dir, function))
			if err != nil {
				return fmt.Errorf("reading the binary: %w", err)
			}
			bundles[i], err = pack(function, o.Version, binary, MaxZip)
			return err
		})
	}
	if err := packing.Wait(); err != nil {
		return nil, err
	}
	return bundles, nil
}

// pack returns the code package of a binary. It returns an error if the zip is
// larger than limit.
func pack(function, version string, binary []byte, limit int) (Bundle, error) {
	data, err := Zip(function, binary)
	if err != nil {
		return Bundle{}, fmt.Errorf("packing %s: %w", function, err)
	}
	if len(data) > limit {
		return Bundle{}, fmt.Errorf("packing %s: the zip has %d bytes; at most %d are allowed",
			function, len(data), limit)
	}
	sum := sha256.Sum256(data)
	hash := hex.EncodeToString(sum[:8])
	return Bundle{
		Function: function, Name: "community-images-" + function + "-" + hash + ".zip", Hash: hash,
		Version: version, Binary: len(binary), Zip: data,
	}, nil
}
