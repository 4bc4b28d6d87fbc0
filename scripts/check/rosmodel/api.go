package rosmodel

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// TriggerConfig is the pseudo type that models the TriggerConfig of a
// trigger of one TriggerType, which the ROS model leaves open.
func TriggerConfig(triggerType string) string {
	return triggerResource + " " + triggerType
}

const (
	triggerResource  = "ALIYUN::FC3::Trigger"
	functionResource = "ALIYUN::FC3::Function"
)

var (
	importLine = regexp.MustCompile(`^const (\w+) = require\("\./(\w+)"\);$`)
	apiMember  = regexp.MustCompile(`^(\w+): (.+),$`)
	apiClass   = regexp.MustCompile(`^(\w+)\.\w+$`)
)

// readAPI adds what the API of Function Compute says and the ROS model does
// not: the configuration of the triggers that we use, by the type of the
// trigger, and that environment variables are strings.
func readAPI(dir string, models Models) error {
	root := filepath.Join(dir, "@alicloud", "fc20230330")
	name, err := packageName(filepath.Join(root, "package.json"))
	if err != nil {
		return err
	}
	for triggerType, class := range map[string]string{"timer": "TimerTriggerConfig", "http": "HttptriggerConfig", "eventbridge": "EventBridgeTriggerConfig"} {
		t := &Type{Package: name, Properties: map[string]Property{}}
		if err := readClass(filepath.Join(root, "dist", "models"), class, "", t); err != nil {
			return fmt.Errorf("reading %s of %s: %w", class, name, err)
		}
		models[TriggerConfig(triggerType)] = t
	}
	input := &Type{Properties: map[string]Property{}}
	if err := readClass(filepath.Join(root, "dist", "models"), "CreateFunctionInput", "", input); err != nil {
		return fmt.Errorf("reading CreateFunctionInput of %s: %w", name, err)
	}
	if function := models[functionResource]; function != nil {
		function.Properties["EnvironmentVariables"] = input.Properties["environmentVariables"]
	}
	return nil
}

// readClass reads the types of the members of a class, which the vendor's
// generator writes as one function "types" a file.
func readClass(dir, class, path string, t *Type) error {
	data, err := os.ReadFile(filepath.Join(dir, class+".js"))
	if err != nil {
		return err
	}
	_, body, found := strings.Cut(string(data), "static types() {\n")
	body, _, ended := strings.Cut(body, "\n    }\n")
	if !found || !ended {
		return fmt.Errorf("%s has no types", class)
	}
	files := map[string]string{}
	for line := range strings.Lines(string(data)) {
		if m := importLine.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			files[m[1]] = m[2]
		}
	}
	for line := range strings.Lines(body) {
		m := apiMember.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		if err := addMember(dir, path+m[1], m[2], files, t); err != nil {
			return err
		}
	}
	return nil
}

func addMember(dir, path, is string, files map[string]string, t *Type) error {
	var kind string
	var shape struct{ Type, ItemType, ValueType string }
	quoted := strings.ReplaceAll(is, "'", `"`)
	switch {
	case json.Unmarshal([]byte(quoted), &kind) == nil:
		t.Properties[path] = Property{Kind: apiKind(kind)}
	case json.Unmarshal([]byte(quoted), &shape) == nil && shape.Type == "array":
		t.Properties[path+"[]"] = Property{Kind: apiKind(shape.ItemType), List: true}
	case json.Unmarshal([]byte(quoted), &shape) == nil && shape.Type == "map":
		t.Properties[path] = Property{Kind: apiKind(shape.ValueType), Map: true}
	default:
		m := apiClass.FindStringSubmatch(is)
		if m == nil || files[m[1]] == "" {
			t.Properties[path] = Property{Kind: Any}
			return nil
		}
		t.Properties[path] = Property{Kind: Object}
		return readClass(dir, files[m[1]], path+".", t)
	}
	return nil
}

func apiKind(name string) string {
	switch name {
	case String, Number, Boolean:
		return name
	}
	return Any
}
