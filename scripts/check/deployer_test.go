package main

import (
	"os"
	"strings"
	"testing"

	"community-images/scripts/check/rampolicy"
)

// deployerActions are calls that ROS makes in the deployer's name for a resource of
// each type, and what these calls need besides.
var deployerActions = map[string][]string{
	"ALIYUN::CMS::ResourceMetricRule": {"cms:PutResourceMetricRule", "cms:DeleteMetricRules"},
	"ALIYUN::FC3::AsyncInvokeConfig":  {"fc:PutAsyncInvokeConfig"},
	"ALIYUN::FC3::ConcurrencyConfig":  {"fc:PutConcurrencyConfig"},
	"ALIYUN::FC3::CustomDomain":       {"fc:CreateCustomDomain"},
	"ALIYUN::FC3::Function":           {"fc:CreateFunction", "fc:UpdateFunction", "ram:PassRole", "oss:GetObject"},
	"ALIYUN::FC3::Trigger":            {"fc:CreateTrigger"},
	"ALIYUN::OSS::Bucket":             {"oss:PutBucket", "oss:PutBucketEncryption"},
	"ALIYUN::RAM::Role":               {"ram:CreateRole", "ram:CreatePolicy", "ram:AttachPolicyToRole", "ram:DeleteRole"},
	"ALIYUN::SLS::Alert":              {"log:CreateAlert"},
	"ALIYUN::SLS::Index":              {"log:CreateIndex"},
	"ALIYUN::SLS::Logstore":           {"log:CreateLogStore"},
	"ALIYUN::SLS::Project":            {"log:CreateProject"},
	// The first trigger of EventBridge in an account makes service-linked roles.
	"ALIYUN::FC3::Trigger eventbridge": {"eventbridge:CreateEventSource", "eventbridge:CreateRule",
		"ram:CreateServiceLinkedRole"},
	"ALIYUN::FC3::Trigger http":  nil,
	"ALIYUN::FC3::Trigger timer": nil,
}

// TestREADMEListsWhatADeployerNeeds: the table of permissions grants every call that
// the template's resources need, and says that EventBridge must be activated.
func TestREADMEListsWhatADeployerNeeds(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../deploy/README.md")
	if err != nil {
		t.Fatal(err)
	}
	template, err := parsedTemplate()
	if err != nil {
		t.Fatal(err)
	}
	policy := documentedPermissions(string(readme))
	for _, resource := range template.Types() {
		actions, known := deployerActions[resource]
		if !known {
			t.Errorf("no action is known that makes a resource of type %s", resource)
		}
		for _, action := range actions {
			if len(policy.Allows(rampolicy.Request{Action: action, Resource: "*"})) == 0 {
				t.Errorf("%s needs %s, which the README does not list", resource, action)
			}
		}
	}
	if len(policy.Allows(rampolicy.Request{Action: "ecs:RunInstances", Resource: "*"})) > 0 {
		t.Error("the README lists more than is needed")
	}
	if !strings.Contains(string(readme), "EventBridge, which is activated once for each account") {
		t.Error("the README does not say that EventBridge must be activated")
	}
}

// documentedPermissions returns the actions in the README's table as a policy. A name
// without a service belongs to the service of the name before it.
func documentedPermissions(readme string) rampolicy.Policy {
	_, table, _ := strings.Cut(readme, "| actions | on | for |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var actions []string
	for line := range strings.Lines(table) {
		service := ""
		for i, part := range strings.Split(strings.Split(line, "|")[1], "`") {
			if i%2 == 0 || part == "" {
				continue
			}
			if before, _, ok := strings.Cut(part, ":"); ok {
				service = before
			} else {
				part = service + ":" + part
			}
			actions = append(actions, part)
		}
	}
	return rampolicy.Policy{Version: "1", Statement: []rampolicy.Statement{
		{Effect: "Allow", Action: actions, Resource: []string{"*"}},
	}}
}
