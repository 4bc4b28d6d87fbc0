// Package bundle makes the code packages of the two functions: a zip with one
// binary for Function Compute's go1 runtime.
//
// It promises that the same source, version and Go release give the same
// bytes, wherever the source lies, whatever the environment says and whoever
// builds; that a package's name tells its content; and that none is heavier
// than MaxZip.
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

// Functions are what is deployed, by the names of their binaries.
var Functions = []string{"snapshot", "query"}

// What a function may weigh, in bytes: FC loads the zip at every cold start.
const (
	MaxBinary = 9_500_000
	MaxZip    = 3_800_000
)

// Bundle is a code package.
type Bundle struct {
	Function string // the binary at the zip's root, FC's handler
	Name     string // of the object: community-images-<function>-<hash>.zip
	Hash     string // the first 16 hex digits of the zip's SHA-256
	Version  string // that the binary reports
	Binary   int    // size of the binary, in bytes
	Zip      []byte
}

// Options say what to build.
type Options struct {
	Root    string // of the module, or any directory in it
	Version string // goes into the binaries; see Version
}

// Make builds both functions, in the order of Functions.
func Make(ctx context.Context, o Options) ([]Bundle, error) {
	dir, err := os.MkdirTemp("", "community-images-build-")
	if err != nil {
		return nil, fmt.Errorf("making a directory for the binaries: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := Compile(ctx, o.Root, dir, Release(o.Version)...); err != nil {
		return nil, err
	}
	all := make([]Bundle, len(Functions))
	var packing errgroup.Group
	for i, function := range Functions {
		packing.Go(func() error {
			binary, err := os.ReadFile(filepath.Join(dir, function))
			if err != nil {
				return fmt.Errorf("reading the binary: %w", err)
			}
			all[i], err = pack(function, o.Version, binary, MaxZip)
			return err
		})
	}
	if err := packing.Wait(); err != nil {
		return nil, err
	}
	return all, nil
}

func pack(function, version string, binary []byte, limit int) (Bundle, error) {
	data, err := Zip(function, binary)
	if err != nil {
		return Bundle{}, fmt.Errorf("packing %s: %w", function, err)
	}
	if len(data) > limit {
		return Bundle{}, fmt.Errorf("packing %s: the zip has %d bytes; at most %d are allowed", function, len(data), limit)
	}
	sum := sha256.Sum256(data)
	hash := hex.EncodeToString(sum[:8])
	return Bundle{
		Function: function, Name: "community-images-" + function + "-" + hash + ".zip", Hash: hash,
		Version: version, Binary: len(binary), Zip: data,
	}, nil
}
