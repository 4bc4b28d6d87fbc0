package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"community-images/scripts/deploy/ros"
)

// parameterFlags collects the flags -param and -param-file. Its methods return
// no errors to package flag, which would print the value: it may be a secret.
// They collect problems instead.
type parameterFlags struct {
	// values are the parameters by name; nil if none was given.
	values ros.Parameters
	// problems are the faults of single flags.
	problems []error
	// valueCount and fileCount are how often each flag was given. Problems name a
	// flag by its number.
	valueCount, fileCount int
}

// flagOfParameter says what sets the parameters that -param must not set.
var flagOfParameter = map[string]string{
	"BucketName": "-bucket", "CodeBucket": "-code-bucket", "Regions": "-regions",
	"SnapshotCode": "the build", "QueryCode": "the build",
}

// parameterName is what ROS allows as a name. If there is no name before the
// equals sign, the text may be a misplaced secret and is not shown.
var parameterName = regexp.MustCompile(`^[A-Za-z0-9]{1,64}$`)

// addValue adds one -param.
func (f *parameterFlags) addValue(text string) error {
	f.valueCount++
	name, value, ok := strings.Cut(text, "=")
	if !ok || !parameterName.MatchString(name) {
		f.addProblem("-param number %d is not of the form Name=Value", f.valueCount)
		return nil
	}
	f.set(name, value)
	return nil
}

// addFile adds one -param-file. It removes line ends at the end of the file,
// which editors add.
func (f *parameterFlags) addFile(text string) error {
	f.fileCount++
	name, path, ok := strings.Cut(text, "=")
	if !ok || !parameterName.MatchString(name) || path == "" {
		f.addProblem("-param-file number %d is not of the form Name=FILE", f.fileCount)
		return nil
	}
	// Relative to the process, not to a directory of the checkout: the shell
	// completes such paths.
	data, err := os.ReadFile(path)
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		err = pathError.Err // without the path: it may be the secret itself
	}
	if err != nil {
		f.addProblem("-param-file %s: reading the file: %w", name, err)
		return nil
	}
	f.set(name, strings.TrimRight(string(data), "\r\n"))
	return nil
}

// set sets a parameter. Each may be given once: two values would be a mistake
// that nobody would see.
func (f *parameterFlags) set(name, value string) {
	// Neither message has the value.
	_, exists := f.values[name]
	switch setBy := flagOfParameter[name]; {
	case setBy != "":
		f.addProblem("parameter %s is set by %s", name, setBy)
	case exists:
		f.addProblem("parameter %s is given twice", name)
	default:
		if f.values == nil {
			f.values = ros.Parameters{}
		}
		f.values[name] = value
	}
}

// addProblem adds a problem. Its text must not have the value of a parameter.
func (f *parameterFlags) addProblem(format string, args ...any) {
	f.problems = append(f.problems, fmt.Errorf(format, args...))
}
