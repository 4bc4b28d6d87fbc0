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

// checkSettings lets the code of the functions check the settings that the
// stack would give them. The patterns of the template cannot express all rules:
// ROS would update the stack, and the functions would fail at start.
func (d *deployment) checkSettings(stack ros.Stack, spec ros.Spec) error {
	values := d.mergeParameters(stack, spec)
	problems := repeatedRegions(values["Regions"])
	// Of a stack that keeps its configuration, ROS does not show it.
	if text, given := values["HttpAuthConfig"]; given && values["HttpAuth"] == "bearer" && text != "" {
		problems = append(problems, bearerProblems(text)...)
	}
	conf, wrong, err := d.settingErrors(values)
	if err != nil {
		fmt.Fprintf(d.out, "the functions' settings are not checked beforehand: %v\n", err)
	}
	if conf != nil {
		problems = append(problems, payloadProblems(values["Payload"], *conf)...)
	}
	for _, e := range wrong {
		problems = append(problems, d.explainSetting(e))
	}
	slices.Sort(problems) // both functions may have the same one
	if problems = slices.Compact(problems); len(problems) == 0 {
		return nil
	}
	return &command.UsageError{Err: errors.New(strings.Join(problems, "\n"))}
}

// settingErrors returns what both functions find wrong with the settings that
// the parameters give them, and the settings of the snapshot function if those are
// right. A template with functions that we cannot evaluate is not wrong: ROS may
// know them. Then err says so, and nothing is checked.
func (d *deployment) settingErrors(values map[string]string) (conf *config.Snapshot, wrong []error, err error) {
	environments, err := d.functionEnvironments(values)
	if err != nil {
		return nil, nil, err
	}
	if environ, ok := environments["snapshot"]; ok {
		read, err := config.SnapshotFrom(environ)
		if wrong = splitErrors(err); err == nil {
			conf = &read
		}
	}
	if environ, ok := environments["query"]; ok {
		_, err := config.QueryFrom(environ)
		wrong = append(wrong, splitErrors(err)...)
	}
	return conf, wrong, nil
}

// mergeParameters returns the parameters that the stack would have. It leaves
// out secrets of the stack, which ROS hides.
func (d *deployment) mergeParameters(stack ros.Stack, spec ros.Spec) map[string]string {
	// Parameters that the template no longer has are left out.
	values := map[string]string{}
	for _, name := range d.template.Parameters() {
		if value, exists := stack.Parameters[name]; exists && !d.template.IsSecret(name) {
			values[name] = value
		}
	}
	maps.Copy(values, spec.Parameters)
	return values
}

// functionEnvironments returns the environment of each function by its handler,
// in the form of os.Environ. It returns an error if the template uses something
// that only ROS can evaluate.
func (d *deployment) functionEnvironments(values map[string]string) (map[string][]string, error) {
	// The settings do not depend on the stack's ids, so any text serves for them.
	parameters := map[string]any{}
	for name, value := range values {
		parameters[name] = value
	}
	resources, err := d.template.Evaluate(rostemplate.Values{Parameters: parameters, Pseudo: map[string]string{
		"ALIYUN::Region": d.region, "ALIYUN::StackName": d.stack,
		"ALIYUN::StackId": "-", "ALIYUN::TenantId": "-", "ALIYUN::AccountId": "-",
	}})
	if err != nil {
		return nil, err
	}
	environments := map[string][]string{}
	// FC adds FC_REGION itself. Other resources may have variables, too, so the
	// type counts.
	for _, r := range resources {
		variables, ok := r.Properties["EnvironmentVariables"].(map[string]any)
		if r.Type != "ALIYUN::FC3::Function" || !ok {
			continue
		}
		environ := []string{"FC_REGION=" + d.region}
		for name, value := range variables {
			environ = append(environ, name+"="+fmt.Sprint(value))
		}
		environments[fmt.Sprint(r.Properties["Handler"])] = environ
	}
	return environments, nil
}

// explainSetting returns the text of a problem with a setting. It names the
// parameter that sets it, and leaves out the value of a secret one.
func (d *deployment) explainSetting(problem error) string {
	// Only errors of package config name a setting.
	var wrong *config.Error
	if !errors.As(problem, &wrong) {
		return problem.Error()
	}
	shown := *wrong // a copy: the value is removed if it is secret
	var names []string
	for _, name := range d.template.ParametersOfVariable(wrong.Setting) {
		if d.template.IsSecret(name) {
			shown.Value = ""
		}
		names = append(names, withFlag(name))
	}
	if len(names) == 0 {
		return problem.Error()
	}
	return "parameter " + strings.Join(names, " or ") + ": " + shown.Error()
}

// withFlag returns the name of a parameter with the flag that sets it.
func withFlag(parameter string) string {
	if flag := flagOfParameter[parameter]; strings.HasPrefix(flag, "-") {
		return parameter + " (" + flag + ")"
	}
	return parameter
}

// repeatedRegions returns a problem if a region is named twice. The functions
// accept it. But the alarm counts the elements of the list, and would never be
// satisfied.
func repeatedRegions(regions string) []string {
	// An empty list is one empty element, and never repeated.
	seen := map[string]bool{}
	for region := range strings.SplitSeq(regions, ",") {
		if seen[region] {
			return []string{fmt.Sprintf("parameter %s: %q is named twice", withFlag("Regions"), region)}
		}
		seen[region] = true
	}
	return nil
}

// payloadProblems returns what the snapshot function would refuse in the
// payload of its timer. conf has the regions and clusters that the payload may
// name.
func payloadProblems(text string, conf config.Snapshot) []string {
	// The same two steps as in the function.
	request, err := capture.ParseRequest([]byte(text))
	if err == nil {
		err = request.Validate(capture.Settings{Regions: conf.Regions, Clusters: conf.Clusters})
	}
	if err != nil {
		return []string{"parameter Payload: " + err.Error()}
	}
	return nil
}

// splitErrors returns the errors that were joined into one.
func splitErrors(err error) []error {
	// Joined errors may have joined errors in them.
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var list []error
		for _, e := range joined.Unwrap() {
			list = append(list, splitErrors(e)...)
		}
		return list
	}
	if err == nil {
		return nil
	}
	return []error{err}
}
