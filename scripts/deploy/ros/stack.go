package ros

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Stack is what ROS says of a stack.
type Stack struct {
	ID         string
	Name       string
	Status     Status
	Reason     string // for the status
	Parameters Parameters
	Outputs    []Output
}

// Output is one output of a stack.
type Output struct {
	Name        string `json:"OutputKey"`
	Description string `json:"Description"`
	Value       any    `json:"OutputValue"`
}

// Status is a stack's or a resource's: CREATE_IN_PROGRESS, UPDATE_COMPLETE.
type Status string

// InProgress says that ROS is at work.
func (s Status) InProgress() bool { return strings.HasSuffix(string(s), "_IN_PROGRESS") }

// Failed says that something went wrong, even if it was put right again.
func (s Status) Failed() bool {
	return strings.HasSuffix(string(s), "_FAILED") || strings.Contains(string(s), "ROLLBACK")
}

// Updatable says whether ROS updates a stack in this state.
//
// Source: alibabacloud.com/help/en/resource-orchestration-service/latest/stack-management-update-a-stack
func (s Status) Updatable() bool {
	switch s {
	case "CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CHECK_COMPLETE", "CHECK_FAILED",
		"IMPORT_CREATE_COMPLETE", "IMPORT_UPDATE_COMPLETE", "IMPORT_UPDATE_FAILED", "IMPORT_UPDATE_ROLLBACK_COMPLETE", "IMPORT_UPDATE_ROLLBACK_FAILED":
		return true
	}
	return false
}

// Spec is what a stack should be.
type Spec struct {
	Name       string
	Template   string
	Parameters Parameters
	Timeout    time.Duration // after which ROS gives up; ROS allows 10 minutes to a day
	Token      string        // the same for repetitions of one intention
}

func (s Spec) form() map[string]string {
	form := map[string]string{"TemplateBody": s.Template}
	s.Parameters.add(form)
	return form
}

func (s Spec) query(query map[string]string) map[string]string {
	minutes := int((s.Timeout + time.Minute - 1) / time.Minute)
	query["TimeoutInMinutes"] = strconv.Itoa(min(max(minutes, 10), 1440))
	query["ClientToken"] = s.Token
	return query
}

// listed is a stack in a list, without its parameters.
type listed struct{ StackId, StackName, Status string }

// list returns a page of stacks, of those in query; deleted ones, too.
func (c *Client) list(ctx context.Context, query map[string]string) (stacks []listed, total int, err error) {
	var page struct {
		Stacks     []listed
		TotalCount int
	}
	query["PageSize"] = strconv.Itoa(pageSize)
	err = c.ask(ctx, "ListStacks", query, nil, &page)
	return page.Stacks, page.TotalCount, err
}

// Find returns the stack of a name.
func (c *Client) Find(ctx context.Context, name string) (Stack, error) {
	stacks, _, err := c.list(ctx, map[string]string{"StackName.1": name})
	if err != nil {
		return Stack{}, err
	}
	for _, s := range stacks {
		if s.StackName == name && s.Status != "DELETE_COMPLETE" {
			return c.Get(ctx, s.StackId)
		}
	}
	return Stack{}, ErrNotFound
}

// All returns every stack of the region that is not deleted.
func (c *Client) All(ctx context.Context) ([]Stack, error) {
	var all []Stack
	for number := 1; ; number++ {
		stacks, total, err := c.list(ctx, map[string]string{"PageNumber": strconv.Itoa(number)})
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
			case !errors.Is(err, ErrNotFound): // that one has gone meanwhile
				return nil, err
			}
		}
		if len(stacks) == 0 || number*pageSize >= total {
			return all, nil
		}
	}
}

// Get returns the stack of an id. One that was deleted may still be there,
// with its status.
func (c *Client) Get(ctx context.Context, id string) (Stack, error) {
	var s struct {
		StackId, StackName, Status, StatusReason string
		Parameters                               []struct{ ParameterKey, ParameterValue string }
		Outputs                                  []Output
	}
	if err := c.ask(ctx, "GetStack", map[string]string{"StackId": id}, nil, &s); err != nil {
		return Stack{}, err
	}
	stack := Stack{ID: s.StackId, Name: s.StackName, Status: Status(s.Status), Reason: s.StatusReason, Parameters: Parameters{}, Outputs: s.Outputs}
	for _, p := range s.Parameters {
		stack.Parameters[p.ParameterKey] = p.ParameterValue
	}
	return stack, nil
}

// Create starts making a stack, which is rolled back if it fails.
func (c *Client) Create(ctx context.Context, s Spec) (id string, err error) {
	var made struct{ StackId string }
	err = c.ask(ctx, "CreateStack", s.query(map[string]string{"StackName": s.Name}), s.form(), &made)
	if err == nil && made.StackId == "" {
		err = fmt.Errorf("creating stack %q: ROS answers without a StackId", s.Name)
	}
	return made.StackId, err
}

// Update starts changing a stack. Parameters that are not in s keep the values
// they have. The error is ErrUnchanged if ROS finds nothing to do.
func (c *Client) Update(ctx context.Context, id string, s Spec) error {
	return c.ask(ctx, "UpdateStack", s.query(map[string]string{"StackId": id, "UsePreviousParameters": "true"}), s.form(), &struct{}{})
}

// Delete starts deleting a stack, but for the resources to retain.
func (c *Client) Delete(ctx context.Context, id string, retain []string) error {
	query := map[string]string{"StackId": id}
	for i, name := range retain {
		query["RetainResources."+strconv.Itoa(i+1)] = name
	}
	return c.ask(ctx, "DeleteStack", query, nil, &struct{}{})
}
