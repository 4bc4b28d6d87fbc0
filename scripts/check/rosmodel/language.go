package rosmodel

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
)

// Language has the names that the template language defines. All lists are
// sorted.
type Language struct {
	Functions []string `json:"functions,omitempty"`        // Ref, Fn::GetAtt and so on
	Pseudo    []string `json:"pseudoParameters,omitempty"` // ALIYUN::Region and so on
	// Parameters are the types that a parameter may have: String, Number and so on.
	Parameters []string `json:"parameterTypes,omitempty"`
}

var (
	// functionName matches the constructor of each function class.
	functionName = regexp.MustCompile(`(?:super\(|return \{ )"(Ref|Fn::\w+)"`)
	// pseudoName matches the constants of class RosPseudo.
	pseudoName = regexp.MustCompile(`= "(ALIYUN::\w+)"`)
	// parameterType matches the members of a compiled TypeScript enum.
	parameterType = regexp.MustCompile(`RosParameterType\["\w+"\] = "([\w:]+)"`)
)

// readLanguage reads the names from the package @alicloud/ros-cdk-core below
// dir.
func readLanguage(dir string) (l Language, err error) {
	for _, source := range []struct {
		file    string
		pattern *regexp.Regexp
		names   *[]string
	}{
		{"ros-fn.js", functionName, &l.Functions},
		{"ros-pseudo.js", pseudoName, &l.Pseudo},
		{"ros-parameter.js", parameterType, &l.Parameters},
	} {
		data, err := os.ReadFile(filepath.Join(dir, "@alicloud", "ros-cdk-core", "lib", source.file))
		if err != nil {
			return l, err
		}
		// The first group of each pattern is the name.
		for _, m := range source.pattern.FindAllStringSubmatch(string(data), -1) {
			*source.names = append(*source.names, m[1])
		}
		// A new version of the package may be generated in another form. Then every
		// function would be unknown.
		if len(*source.names) == 0 {
			return l, fmt.Errorf("reading %s: nothing in it matches %q", source.file, source.pattern)
		}
		// Some names occur in several classes.
		slices.Sort(*source.names)
		*source.names = slices.Compact(*source.names)
	}
	return l, nil
}
