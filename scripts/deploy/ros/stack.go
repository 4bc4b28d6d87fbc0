package ros

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Stack is a stack and its state.
type Stack struct {
	// ID is empty if there is no stack. A name can be used again, an id cannot.
	ID     string
	Name   string
	Status Status
	// Reason is ROS's text for the status.
	Reason string
	// Parameters are those in force. ROS hides the values of secret ones.
	Parameters Parameters
	// Outputs are empty until an action has completed.
	Outputs []Output
}

// Output is one output of a stack.
type Output struct {
	Name        string `json:"OutputKey"`
	Description string `json:"Description"`
	// Value is a text as a rule. ROS allows every JSON type.
	Value any `json:"OutputValue"`
}

// Status is the status of a stack or a resource, for example CREATE_IN_PROGRESS
// or UPDATE_COMPLETE.
type Status string

// InProgress reports whether an action goes on.
func (s Status) InProgress() bool { return strings.HasSuffix(string(s), "_IN_PROGRESS") }

// Failed reports whether an action failed, even if it was rolled back.
func (s Status) Failed() bool {
	return strings.HasSuffix(string(s), "_FAILED") || strings.Contains(string(s), "ROLLBACK")
}

// Updatable reports whether ROS updates a stack with this status.
//
// Source: alibabacloud.com/help/en/resource-orchestration-service/latest/stack-management-update-a-stack
func (s Status) Updatable() bool {
	switch s {
	case "CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED",
		"CHECK_COMPLETE", "CHECK_FAILED", "IMPORT_CREATE_COMPLETE", "IMPORT_UPDATE_COMPLETE", "IMPORT_UPDATE_FAILED",
		"IMPORT_UPDATE_ROLLBACK_COMPLETE", "IMPORT_UPDATE_ROLLBACK_FAILED":
		return true
	}
	return false
}

// Spec is what a stack is to become.
type Spec struct {
	Name string
	// Template is the text of the template.
	Template string
	// Parameters that are missing keep their values, or get their defaults in a
	// new stack.
	Parameters Parameters
	// Timeout is when ROS gives up. ROS allows 10 minutes to a day; other values
	// are brought into that range.
	Timeout time.Duration
	// Token makes a repeated call harmless: ROS does a call with a known token
	// only once.
	Token string
}

// form returns the form of a call that creates, updates or previews the stack.
func (s Spec) form() map[string]string {
	form := map[string]string{"TemplateBody": s.Template}
	s.Parameters.addTo(form)
	return form
}

// addTo adds the time-out and the token to the query of a call.
func (s Spec) addTo(query map[string]string) map[string]string {
	// ROS counts whole minutes. Its time-out must not end before ours.
	minutes := int((s.Timeout + time.Minute - 1) / time.Minute)
	query["TimeoutInMinutes"] = strconv.Itoa(min(max(minutes, 10), 1440))
	query["ClientToken"] = s.Token
	return query
}

// listedStack is a stack in a list. Lists have no parameters.
type listedStack struct{ StackId, StackName, Status string }

// listStacks returns a page of the stacks that match the query, deleted ones
// included.
func (c *Client) listStacks(ctx context.Context, query map[string]string) (stacks []listedStack, total int, err error) {
	var page struct {
		Stacks     []listedStack
		TotalCount int
	}
	query["PageSize"] = strconv.Itoa(pageSize)
	err = c.call(ctx, "ListStacks", query, nil, &page)
	return page.Stacks, page.TotalCount, err
}

// Find returns the stack with this name, or ErrNotFound.
func (c *Client) Find(ctx context.Context, name string) (Stack, error) {
	stacks, _, err := c.listStacks(ctx, map[string]string{"StackName.1": name})
	if err != nil {
		return Stack{}, err
	}
	// A deleted stack stays in the list, and its name may be used again.
	for _, s := range stacks {
		if s.StackName == name && s.Status != "DELETE_COMPLETE" {
			return c.Get(ctx, s.StackId)
		}
	}
	return Stack{}, ErrNotFound
}

// All returns all stacks of the region that are not deleted.
func (c *Client) All(ctx context.Context) ([]Stack, error) {
	var all []Stack
	for number := 1; ; number++ {
		stacks, total, err := c.listStacks(ctx, map[string]string{"PageNumber": strconv.Itoa(number)})
		if err != nil {
			return nil, err
		}
		for _, s := range stacks {
			if s.Status == "DELETE_COMPLETE" {
				continue
			}
			stack, err := c.Get(ctx, s.StackId)
			switch {
			case err == nil:
				all = append(all, stack)
			case !errors.Is(err, ErrNotFound): // it was deleted meanwhile
				return nil, err
			}
		}
		if len(stacks) == 0 || number*pageSize >= total {
			return all, nil
		}
	}
}

// Get returns the stack with this id. ROS returns deleted stacks, too, for a
// while.
func (c *Client) Get(ctx context.Context, id string) (Stack, error) {
	var s struct {
		StackId, StackName, Status, StatusReason string
		Parameters                               []struct{ ParameterKey, ParameterValue string }
		Outputs                                  []Output
	}
	if err := c.call(ctx, "GetStack", map[string]string{"StackId": id}, nil, &s); err != nil {
		return Stack{}, err
	}
	stack := Stack{
		ID: s.StackId, Name: s.StackName, Status: Status(s.Status), Reason: s.StatusReason,
		Parameters: Parameters{}, Outputs: s.Outputs,
	}
	for _, p := range s.Parameters {
		stack.Parameters[p.ParameterKey] = p.ParameterValue
	}
	return stack, nil
}

// Create starts the creation of a stack. ROS rolls it back if it fails.
func (c *Client) Create(ctx context.Context, s Spec) (id string, err error) {
	var created struct{ StackId string }
	err = c.call(ctx, "CreateStack", s.addTo(map[string]string{"StackName": s.Name}), s.form(), &created)
	if err == nil && created.StackId == "" {
		err = fmt.Errorf("creating stack %q: the response of ROS has no StackId", s.Name)
	}
	return created.StackId, err
}

// Update starts an update of a stack. Parameters that are not in s keep their
// values. It returns ErrUnchanged if nothing would change.
func (c *Client) Update(ctx context.Context, id string, s Spec) error {
	query := s.addTo(map[string]string{"StackId": id, "UsePreviousParameters": "true"})
	return c.call(ctx, "UpdateStack", query, s.form(), &struct{}{})
}

// Delete starts the deletion of a stack. ROS keeps the resources to retain.
func (c *Client) Delete(ctx context.Context, id string, retain []string) error {
	query := map[string]string{"StackId": id}
	for i, name := range retain {
		query["RetainResources."+strconv.Itoa(i+1)] = name
	}
	return c.call(ctx, "DeleteStack", query, nil, &struct{}{})
}
