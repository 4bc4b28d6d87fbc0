package ros

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

// Event is one step of a resource or of the stack itself.
type Event struct {
	ID       string `json:"EventId"`
	Time     string `json:"CreateTime"` // 2026-11-23T12:00:00, UTC
	Resource string `json:"LogicalResourceId"`
	Type     string `json:"ResourceType"`
	Status   Status `json:"Status"`
	Reason   string `json:"StatusReason"`
}

// Trail reads the events of a stack, each once.
type Trail struct {
	client *Client
	stack  string
	seen   map[string]bool
	total  int // when it was read last
}

// Trail begins before the first event of a stack.
func (c *Client) Trail(id string) *Trail {
	return &Trail{client: c, stack: id, seen: map[string]bool{}}
}

// Next returns the events since the last call, oldest first. ROS does not
// document in which order it lists them, so either is read.
func (t *Trail) Next(ctx context.Context) ([]Event, error) {
	var fresh []Event
	for number := 1; ; number++ {
		var page struct {
			Events     []Event
			TotalCount int
		}
		query := map[string]string{"StackId": t.stack, "PageSize": strconv.Itoa(pageSize), "PageNumber": strconv.Itoa(number)}
		if err := t.client.ask(ctx, "ListStackEvents", query, nil, &page); err != nil {
			return nil, err
		}
		for _, e := range page.Events {
			if !t.seen[e.ID] {
				t.seen[e.ID] = true
				fresh = append(fresh, e)
			}
		}
		all := page.TotalCount >= t.total && len(fresh) >= page.TotalCount-t.total
		if all || len(page.Events) == 0 || number*pageSize >= page.TotalCount {
			t.total = page.TotalCount
			break
		}
	}
	if n := len(fresh); n > 1 && fresh[0].Time >= fresh[n-1].Time {
		slices.Reverse(fresh)
	}
	slices.SortStableFunc(fresh, func(a, b Event) int { return strings.Compare(a.Time, b.Time) })
	return fresh, nil
}
