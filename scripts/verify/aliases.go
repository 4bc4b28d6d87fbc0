package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"community-images/shared/alias"
	"community-images/shared/query/request"
)

// verifyAliases checks the file with the aliases, if the bucket has one, as a run would. It
// returns the number of faults. regions are those that are stored.
func (v *verifier) verifyAliases(ctx context.Context, regions []string) (int, error) {
	key := v.target.keys.Aliases()
	data, err := v.target.bucket.GetFrom(ctx, key, 0, alias.MaxFileBytes+1)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("reading %q: %w", key, err)
	}
	if v.region != "" { // the others are not in the list
		regions = nil
	}
	return v.printAliases(key, data, regions), nil
}

// checkAliasFile checks a file of this machine.
func (p process) checkAliasFile(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if bad := p.printAliases(path, data, nil); bad > 0 {
		return errors.New(formatCount(bad, "fault"))
	}
	return nil
}

// printAliases prints the faults of a file with aliases, and returns their number. Without
// regions, aliases of every region are allowed.
func (p process) printAliases(name string, data []byte, regions []string) int {
	file, err := alias.Parse(data, alias.Rules{Regions: regions, CheckLookup: request.CheckLookup})
	var faults alias.FaultsError
	errors.As(err, &faults)
	for _, f := range faults {
		fmt.Fprintf(p.out, "fault  %s: %s\n", name, f)
	}
	count := 0
	for _, list := range file {
		count += len(list)
	}
	fmt.Fprintf(p.out, "%s: %s, %s\n", name, formatCount(count, "definition"), formatCount(len(faults), "fault"))
	return len(faults)
}
