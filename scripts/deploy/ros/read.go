package ros

import (
	"context"
	"errors"
	"slices"
)

// Change is what an update or a creation would do to one resource.
type Change struct {
	// Action is Add, Modify or Remove.
	Action string `json:"Action"`
	// Resource is the name in the template.
	Resource string `json:"LogicalResourceId"`
	Type     string `json:"ResourceType"`
	// Replacement says whether Modify deletes the resource and makes a new one:
	// True, False or Conditional.
	Replacement string `json:"Replacement"`
}

// Preview returns what s would change in the stack with this id. An empty id
// stands for a new stack. It changes nothing.
func (c *Client) Preview(ctx context.Context, id string, s Spec) ([]Change, error) {
	query := map[string]string{"StackName": s.Name}
	if id != "" {
		query = map[string]string{"StackId": id, "UsePreviousParameters": "true"}
	}
	var preview struct{ Stack struct{ Resources []Change } }
	err := c.call(ctx, "PreviewStack", query, s.form(), &preview)
	if errors.Is(err, ErrUnchanged) {
		return nil, nil
	}
	changes := slices.DeleteFunc(preview.Stack.Resources, func(c Change) bool { return c.Action == "None" })
	if id == "" {
		for i := range changes { // ROS may leave the action of a new stack empty
			changes[i].Action = "Add"
		}
	}
	return changes, err
}

// Resources returns the logical ids of a stack's resources, by type.
func (c *Client) Resources(ctx context.Context, id string) (map[string][]string, error) {
	var list struct {
		Resources []struct{ LogicalResourceId, ResourceType string }
	}
	if err := c.call(ctx, "ListStackResources", map[string]string{"StackId": id}, nil, &list); err != nil {
		return nil, err
	}
	byType := map[string][]string{}
	for _, r := range list.Resources {
		byType[r.ResourceType] = append(byType[r.ResourceType], r.LogicalResourceId)
	}
	return byType, nil
}
