package ros

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

// Event is one step of a resource or of the stack itself.
type Event struct {
	// ID is unique within the stack.
	ID string `json:"EventId"`
	// Time is in UTC, in whole seconds, for example 2026-11-23T12:00:00.
	Time string `json:"CreateTime"`
	// Resource is the name in the template, or the stack's name.
	Resource string `json:"LogicalResourceId"`
	// Type is, for example, ALIYUN::OSS::Bucket, or ALIYUN::ROS::Stack.
	Type   string `json:"ResourceType"`
	Status Status `json:"Status"`
	// Reason says why a step failed. Other steps have a standing phrase.
	Reason string `json:"StatusReason"`
}

// EventTail reads the events of a stack, each once.
type EventTail struct {
	client *Client
	// stack is the stack's id.
	stack string
	// seen has the ids of the events that Next has returned.
	seen map[string]bool
	// total is how many events the stack had at the last call of Next.
	total int
}

// Events returns a tail that begins with the first event of a stack.
func (c *Client) Events(stackID string) *EventTail {
	return &EventTail{client: c, stack: stackID, seen: map[string]bool{}}
}

// Next returns the events since the last call, the oldest first. ROS does not
// document the order of its list, so Next accepts both.
func (t *EventTail) Next(ctx context.Context) ([]Event, error) {
	var unread []Event
	for number := 1; ; number++ {
		events, total, err := t.readPage(ctx, number)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			if !t.seen[e.ID] {
				t.seen[e.ID] = true
				unread = append(unread, e)
			}
		}
		// If the list begins with the newest event, the first pages have all new
		// ones, and the rest need not be read.
		complete := total >= t.total && len(unread) >= total-t.total
		if complete || len(events) == 0 || number*pageSize >= total {
			t.total = total
			break
		}
	}
	// Times have whole seconds: events of one second keep the order of the list,
	// so the list must run forward before it is sorted.
	if n := len(unread); n > 1 && unread[0].Time >= unread[n-1].Time {
		slices.Reverse(unread)
	}
	slices.SortStableFunc(unread, func(a, b Event) int { return strings.Compare(a.Time, b.Time) })
	return unread, nil
}

// readPage reads one page of the list, from 1.
func (t *EventTail) readPage(ctx context.Context, number int) (events []Event, total int, err error) {
	var page struct {
		Events     []Event
		TotalCount int
	}
	query := map[string]string{
		"StackId": t.stack, "PageSize": strconv.Itoa(pageSize), "PageNumber": strconv.Itoa(number),
	}
	err = t.client.call(ctx, "ListStackEvents", query, nil, &page)
	return page.Events, page.TotalCount, err
}
