package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"community-images/scripts/check/rostemplate"
	"community-images/scripts/command"
	"community-images/scripts/deploy/ros"
	"community-images/shared/capture"
	"community-images/shared/config"
)

// settings lets the functions' own reading judge what the stack would tell
// them. The template's patterns cannot say all of it, and ROS would update the
// stack and leave functions that end at start.
func (d *deployment) settings(stack ros.Stack, spec ros.Spec) error {
	values := d.resulting(stack, spec)
	faults := repeated(values["Regions"])
	environments, err := d.environments(values)
	if err != nil {
		fmt.Fprintf(d.out, "the functions' settings are not checked beforehand: %v\n", err)
	}
	for handler, environ := range environments {
		switch handler {
		case "snapshot":
			var conf config.Snapshot
			if conf, err = config.SnapshotFrom(environ); err == nil {
				faults = append(faults, payload(values["Payload"], conf)...)
			}
		case "query":
			_, err = config.QueryFrom(environ)
		default:
			continue
		}
		for _, fault := range split(err) {
			faults = append(faults, d.explain(fault))
		}
	}
	slices.Sort(faults) // both functions may have the same
	if faults = slices.Compact(faults); len(faults) == 0 {
		return nil
	}
	return &command.UsageError{Err: errors.New(strings.Join(faults, "\n"))}
}

// resulting are the parameters that the stack would have, those apart that it
// has and does not show.
func (d *deployment) resulting(stack ros.Stack, spec ros.Spec) map[string]string {
	values := map[string]string{}
	for name, value := range stack.Parameters {
		if _, still := d.template.Parameters[name]; still && !d.template.secret(name) {
			values[name] = value
		}
	}
	maps.Copy(values, spec.Parameters)
	return values
}

// environments are those of the functions, by handler, as os.Environ has them.
func (d *deployment) environments(values map[string]string) (map[string][]string, error) {
	t, err := rostemplate.Parse([]byte(d.template.body))
	if err != nil {
		return nil, err
	}
	parameters := map[string]any{}
	for name, value := range values {
		parameters[name] = value
	}
	resources, err := t.Evaluate(rostemplate.Values{Parameters: parameters, Pseudo: map[string]string{
		"ALIYUN::Region": d.region, "ALIYUN::StackName": d.stack, "ALIYUN::StackId": "-", "ALIYUN::TenantId": "-", "ALIYUN::AccountId": "-",
	}})
	if err != nil {
		return nil, err
	}
	all := map[string][]string{}
	for _, r := range resources {
		variables, ok := r.Properties["EnvironmentVariables"].(map[string]any)
		if r.Type != functionType || !ok {
			continue
		}
		environ := []string{"FC_REGION=" + d.region}
		for name, value := range variables {
			environ = append(environ, name+"="+fmt.Sprint(value))
		}
		all[fmt.Sprint(r.Properties["Handler"])] = environ
	}
	return all, nil
}

const functionType = "ALIYUN::FC3::Function"

// explain names the parameter of the fault's setting, and leaves out the value
// of one that must not be shown.
func (d *deployment) explain(fault error) string {
	var of *config.Error
	if !errors.As(fault, &of) {
		return fault.Error()
	}
	shown := *of
	var names []string
	for _, name := range d.template.parametersOf(of.Setting) {
		if d.template.secret(name) {
			shown.Value = ""
		}
		names = append(names, named(name))
	}
	if len(names) == 0 {
		return fault.Error()
	}
	return "parameter " + strings.Join(names, " or ") + ": " + shown.Error()
}

// named is a parameter, with the flag that sets it.
func named(parameter string) string {
	if flag := setBy[parameter]; strings.HasPrefix(flag, "-") {
		return parameter + " (" + flag + ")"
	}
	return parameter
}

// repeated finds regions that are there twice. The functions would not mind;
// but the alarm counts what the template splits, and would never be content.
func repeated(regions string) []string {
	seen := map[string]bool{}
	for region := range strings.SplitSeq(regions, ",") {
		if seen[region] {
			return []string{fmt.Sprintf("parameter %s: %q is named twice", named("Regions"), region)}
		}
		seen[region] = true
	}
	return nil
}

// payload finds what the snapshot function would say to each event of its timer.
func payload(text string, conf config.Snapshot) []string {
	request, err := capture.ParseRequest([]byte(text))
	if err == nil {
		err = request.Validate(capture.Settings{Regions: conf.Regions, Clusters: conf.Clusters})
	}
	if err != nil {
		return []string{"parameter Payload: " + err.Error()}
	}
	return nil
}

// split takes joined errors apart.
func split(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, e := range joined.Unwrap() {
			all = append(all, split(e)...)
		}
		return all
	}
	if err == nil {
		return nil
	}
	return []error{err}
}
