package rosmodel

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// TriggerConfig returns the name under which Models has the TriggerConfig of a
// TriggerType. It is not a type of ROS: the model of a trigger does not
// describe its TriggerConfig.
func TriggerConfig(triggerType string) string {
	return triggerResource + " " + triggerType
}

const (
	// The resource types whose models leave something open.
	triggerResource  = "ALIYUN::FC3::Trigger"
	functionResource = "ALIYUN::FC3::Function"
)

var (
	// importLine matches the import of another class's file.
	importLine = regexp.MustCompile(`^const (\w+) = require\("\./(\w+)"\);$`)
	// apiMember matches a member in the object that types() returns.
	apiMember = regexp.MustCompile(`^(\w+): (.+),$`)
	// apiClass matches a reference to an imported class.
	apiClass = regexp.MustCompile(`^(\w+)\.\w+$`)
)

// readAPI adds what the API of Function Compute describes and the ROS model
// does not: the configurations of triggers, and that environment variables are
// strings.
func readAPI(dir string, models Models) error {
	root := filepath.Join(dir, "@alicloud", "fc20230330")
	name, err := readPackageName(filepath.Join(root, "package.json"))
	if err != nil {
		return err
	}
	// Only the triggers that template.yaml uses: a new one needs a line here.
	for triggerType, class := range map[string]string{
		"timer": "TimerTriggerConfig", "http": "HttptriggerConfig", "eventbridge": "EventBridgeTriggerConfig",
	} {
		t := &Type{Package: name, Properties: map[string]Property{}}
		if err := readClass(filepath.Join(root, "dist", "models"), class, "", t); err != nil {
			return fmt.Errorf("reading %s of %s: %w", class, name, err)
		}
		models[TriggerConfig(triggerType)] = t
	}
	// The ROS model calls environment variables a map of anything.
	input := &Type{Properties: map[string]Property{}}
	if err := readClass(filepath.Join(root, "dist", "models"), "CreateFunctionInput", "", input); err != nil {
		return fmt.Errorf("reading CreateFunctionInput of %s: %w", name, err)
	}
	// The packages in a test have no function.
	if function := models[functionResource]; function != nil {
		function.Properties["EnvironmentVariables"] = input.Properties["environmentVariables"]
	}
	return nil
}

// readClass adds the members of a class to a type. path is that of the object,
// with a dot at its end. The vendor's generator writes one class a file, and
// its types into a function "types".
func readClass(dir, class, path string, t *Type) error {
	data, err := os.ReadFile(filepath.Join(dir, class+".js"))
	if err != nil {
		return err
	}
	// The function ends at the brace with the indentation of a method.
	_, body, found := strings.Cut(string(data), "static types() {\n")
	body, _, ended := strings.Cut(body, "\n    }\n")
	if !found || !ended {
		return fmt.Errorf("%s has no types", class)
	}
	// Members may be of classes in other files.
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

// addMember adds a member, and the members below it, to a type. description is
// what the source says of it: a kind, a list, a map or a class of another file.
// files has the names of files by the variables that import them.
func addMember(dir, path, description string, files map[string]string, t *Type) error {
	// Quoted with ", a description is JSON: a string or an object.
	var kind string
	var shape struct{ Type, ItemType, ValueType string }
	quoted := strings.ReplaceAll(description, "'", `"`)
	switch {
	case json.Unmarshal([]byte(quoted), &kind) == nil:
		t.Properties[path] = Property{Kind: kindOf(kind)}
	case json.Unmarshal([]byte(quoted), &shape) == nil && shape.Type == "array":
		t.Properties[path+"[]"] = Property{Kind: kindOf(shape.ItemType), List: true}
	case json.Unmarshal([]byte(quoted), &shape) == nil && shape.Type == "map":
		t.Properties[path] = Property{Kind: kindOf(shape.ValueType), Map: true}
	default:
		// Not JSON: a class, or a list of classes, which stays undescribed.
		m := apiClass.FindStringSubmatch(description)
		if m == nil || files[m[1]] == "" {
			t.Properties[path] = Property{Kind: Any}
			return nil
		}
		t.Properties[path] = Property{Kind: Object}
		return readClass(dir, files[m[1]], path+".", t)
	}
	return nil
}

// kindOf returns the kind of value of a type of the API.
func kindOf(name string) string {
	// The API's names of scalar types are ours; everything else is undescribed.
	switch name {
	case String, Number, Boolean:
		return name
	}
	return Any
}
