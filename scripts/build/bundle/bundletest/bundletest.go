// Package bundletest builds the code packages of the functions for tests.
package bundletest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"community-images/scripts/build/bundle"
)

// Make is bundle.Make by the command scripts/build. The command is built without
// the race detector, with which packing takes ten times as long. The Hash and the
// size of the binary are not set.
func Make(version string) ([]bundle.Bundle, error) {
	dir, err := os.MkdirTemp("", "community-images-bundletest-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if out, err := exec.Command("go", "run", "community-images/scripts/build", "-version", version, "-out",
		dir).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("running scripts/build: %w: %s", err, out)
	}
	var all []bundle.Bundle
	for _, function := range bundle.Functions {
		paths, err := filepath.Glob(filepath.Join(dir, "community-images-"+function+"-*.zip"))
		if err != nil || len(paths) != 1 {
			return nil, fmt.Errorf("looking for the package of %s: got %q, %w", function, paths, err)
		}
		data, err := os.ReadFile(paths[0])
		if err != nil {
			return nil, err
		}
		all = append(all, bundle.Bundle{Function: function, Name: filepath.Base(paths[0]), Version: version, Zip: data})
	}
	return all, nil
}
