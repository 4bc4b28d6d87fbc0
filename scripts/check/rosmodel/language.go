package rosmodel

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
)

// Language is what a template may be written in.
type Language struct {
	Functions  []string // Ref, Fn::GetAtt and so on, sorted
	Pseudo     []string // parameters that ROS provides: ALIYUN::Region and so on, sorted
	Parameters []string // types of parameters, sorted
}

var (
	functionName  = regexp.MustCompile(`(?:super\(|return \{ )"(Ref|Fn::\w+)"`)
	pseudoName    = regexp.MustCompile(`= "(ALIYUN::\w+)"`)
	parameterType = regexp.MustCompile(`RosParameterType\["\w+"\] = "([\w:]+)"`)
)

// readLanguage reads @alicloud/ros-cdk-core.
func readLanguage(dir string) (l Language, err error) {
	for _, source := range []struct {
		file string
		form *regexp.Regexp
		into *[]string
	}{
		{"ros-fn.js", functionName, &l.Functions},
		{"ros-pseudo.js", pseudoName, &l.Pseudo},
		{"ros-parameter.js", parameterType, &l.Parameters},
	} {
		data, err := os.ReadFile(filepath.Join(dir, "@alicloud", "ros-cdk-core", "lib", source.file))
		if err != nil {
			return l, err
		}
		for _, m := range source.form.FindAllStringSubmatch(string(data), -1) {
			*source.into = append(*source.into, m[1])
		}
		if len(*source.into) == 0 {
			return l, fmt.Errorf("reading %s: nothing in it has the form %q", source.file, source.form)
		}
		slices.Sort(*source.into)
		*source.into = slices.Compact(*source.into)
	}
	return l, nil
}
