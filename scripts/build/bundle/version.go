package bundle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// versionPattern allows what is safe in a linker flag, a log and a URL.
var versionPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$`)

// CheckVersion returns an error if the text cannot be a version.
func CheckVersion(version string) error {
	if !versionPattern.MatchString(version) {
		return fmt.Errorf("version %q is not 1 to 64 of A-Z a-z 0-9 . _ + - that begin with a letter or digit", version)
	}
	return nil
}

// Version returns the version of a checkout: the day of the commit and the
// first 12 digits of its hash, for example 20261123-5e4779163a2f. It ends with
// "+dirty" if there are changed or untracked files. Tags are not used: some
// clones do not have them.
func Version(ctx context.Context, dir string) (string, error) {
	// The day is that of the commit in UTC. The clock of this machine must not
	// matter.
	commit, err := git(ctx, dir, "log", "-1", "--date=format-local:%Y%m%d", "--format=%cd-%H")
	if err != nil {
		return "", fmt.Errorf("asking git for the version: %w; name it with -version", err)
	}
	changes, err := git(ctx, dir, "status", "--porcelain", "--untracked-files=normal")
	if err != nil {
		return "", fmt.Errorf("asking git for changes: %w", err)
	}
	version := commit[:min(len(commit), len("20060102-")+12)]
	if changes != "" {
		version += "+dirty"
	}
	return version, CheckVersion(version)
}

// git runs git in a directory and returns its output. The error has git's own
// message.
func git(ctx context.Context, dir string, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	cmd.Env = append(cmd.Environ(), "TZ=UTC", "LC_ALL=C") // the day must not depend on the time zone
	if err := cmd.Run(); err != nil {
		if text := strings.TrimSpace(stderr.String()); text != "" {
			return "", errors.New(strings.TrimPrefix(text, "fatal: "))
		}
		return "", err
	}
	return strings.TrimSpace(stdout.String()), nil
}

// Root returns the root directory of the module that dir is in. A go.work file
// does not matter.
func Root(ctx context.Context, dir string) (string, error) {
	return moduleRoot(ctx, dir, os.Environ())
}

// moduleRoot is Root with an explicit environment.
func moduleRoot(ctx context.Context, dir string, environ []string) (string, error) {
	var stdout, stderr bytes.Buffer
	// With -m the go command names the module of the directory without loading a
	// package.
	cmd := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Path}} {{.Dir}}")
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, buildEnvironment(environ), &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", fmt.Errorf("looking for the checkout: running %q: %w: %s",
			cmd.Args, err, strings.TrimSpace(stderr.String()))
	}
	module, root, _ := strings.Cut(strings.TrimSpace(stdout.String()), " ")
	if module != "community-images" {
		// People want to know which directory that is. "." says nothing.
		if path, err := filepath.Abs(dir); err == nil {
			dir = path
		}
		return "", fmt.Errorf("%s is not inside a checkout of community-images: run this in any directory of one", dir)
	}
	return root, nil
}
