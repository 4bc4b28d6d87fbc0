package ros

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"community-images/shared/cloud"
)

// asked is a client of a server whose answers are those of answer.
func asked(t *testing.T, answer func(action string, r *http.Request) (int, any)) *Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil || r.Form.Get("RegionId") != "cn-hangzhou" {
			t.Errorf("%s asks for region %q, %v", r.Header.Get("X-Acs-Action"), r.Form.Get("RegionId"), err)
		}
		status, body := answer(r.Header.Get("X-Acs-Action"), r)
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body)
	}))
	t.Cleanup(server.Close)
	c, err := New(server.URL, "cn-hangzhou", cloud.Credentials{AccessKeyID: "id", AccessKeySecret: "secret"},
		time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

type object = map[string]any

// TestEventTailReturnsEachEventOnce reads the events of a long life in pieces.
func TestEventTailReturnsEachEventOnce(t *testing.T) {
	t.Parallel()
	for _, order := range []string{"newest first", "oldest first"} {
		t.Run(order, func(t *testing.T) {
			t.Parallel()
			var events []object
			pages := 0
			c := asked(t, func(action string, r *http.Request) (int, any) {
				pages++
				size, _ := strconv.Atoi(r.Form.Get("PageSize"))
				number, _ := strconv.Atoi(r.Form.Get("PageNumber"))
				list := slices.Clone(events)
				if order == "newest first" {
					slices.Reverse(list)
				}
				return 200, object{"TotalCount": len(list),
					"Events": list[min(len(list), (number-1)*size):min(len(list), number*size)]}
			})
			tail := c.Events("id")
			at := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
			for _, more := range []int{0, 1, 49, 1, 120, 0, 3, 50} {
				first := len(events)
				for range more {
					at = at.Add(time.Second)
					events = append(events, object{"EventId": fmt.Sprint(len(events)),
						"CreateTime": at.Format("2006-01-02T15:04:05")})
				}
				pages = 0
				got, err := tail.Next(t.Context())
				if err != nil || len(got) != more {
					t.Fatalf("%d more: got %d, %v", more, len(got), err)
				}
				for i, e := range got {
					if e.ID != fmt.Sprint(first+i) {
						t.Errorf("event %d is %s", first+i, e.ID)
					}
				}
				if order == "newest first" && pages > more/50+1 {
					t.Errorf("%d more events took %d pages", more, pages)
				}
			}
		})
	}
}

func TestFindIgnoresDeletedStacks(t *testing.T) {
	t.Parallel()
	stacks := []object{
		{"StackId": "s-1", "StackName": "images", "Status": "DELETE_COMPLETE"},
		{"StackId": "s-2", "StackName": "images-2", "Status": "CREATE_COMPLETE"},
	}
	c := asked(t, func(action string, r *http.Request) (int, any) {
		switch {
		case action == "ListStacks" && r.Form.Get("StackName.1") == "images":
			return 200, object{"Stacks": stacks}
		case action == "GetStack" && r.Form.Get("StackId") == "s-3":
			return 200, object{"StackId": "s-3", "StackName": "images", "Status": "UPDATE_COMPLETE",
				"Parameters": []object{{"ParameterKey": "A", "ParameterValue": "1"}},
				"Outputs":    []object{{"OutputKey": "Url", "OutputValue": "https://x", "Description": "d"}}}
		}
		t.Errorf("asks %s %v", action, r.Form)
		return 400, object{}
	})
	if s, err := c.Find(t.Context(), "images"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a deleted one and one of another name: %+v, %v", s, err)
	}
	stacks = append(stacks, object{"StackId": "s-3", "StackName": "images", "Status": "UPDATE_COMPLETE"})
	s, err := c.Find(t.Context(), "images")
	if err != nil || s.ID != "s-3" || s.Status != "UPDATE_COMPLETE" || s.Parameters["A"] != "1" ||
		len(s.Outputs) != 1 || s.Outputs[0] != (Output{"Url", "d", "https://x"}) {
		t.Errorf("got %+v, %v", s, err)
	}
}

// TestAll reads more stacks than a page has.
func TestAll(t *testing.T) {
	t.Parallel()
	var stacks []object
	for i := range 120 {
		status := "CREATE_COMPLETE"
		if i%10 == 0 {
			status = "DELETE_COMPLETE"
		}
		stacks = append(stacks, object{"StackId": fmt.Sprint(i), "StackName": fmt.Sprint("images-", i),
			"Status": status})
	}
	pages := 0
	c := asked(t, func(action string, r *http.Request) (int, any) {
		if action == "ListStacks" {
			pages++
			size, _ := strconv.Atoi(r.Form.Get("PageSize"))
			number, _ := strconv.Atoi(r.Form.Get("PageNumber"))
			return 200, object{"TotalCount": len(stacks),
				"Stacks": stacks[min(len(stacks), (number-1)*size):min(len(stacks), number*size)]}
		}
		id := r.Form.Get("StackId")
		if id == "7" { // has been deleted since it was listed
			return 404, object{"Code": "StackNotFound", "Message": "The Stack (7) could not be found."}
		}
		return 200, object{"StackId": id, "Status": "CREATE_COMPLETE",
			"Parameters": []object{{"ParameterKey": "BucketName", "ParameterValue": "of-" + id}}}
	})
	all, err := c.All(t.Context())
	if err != nil || len(all) != 107 || pages != 3 {
		t.Fatalf("%d stacks of %d pages, %v", len(all), pages, err)
	}
	for _, s := range all {
		if s.Parameters["BucketName"] != "of-"+s.ID || s.ID == "7" || strings.HasSuffix(s.ID, "0") {
			t.Errorf("got %+v", s)
		}
	}
}

func TestTemporaryErrorsAreRetried(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name         string
		status       int
		code         string
		maxTries     int
		message, say string
	}{
		{"throttled", 400, "Throttling", maxTries, "slower", "Throttling: slower"},
		{"a fault of ROS", 503, "ServiceUnavailable", maxTries, "later", "503"},
		{"no permission", 403, "NoPermission", 1, "not you", "NoPermission"},
		{"nothing to change", 400, "NotSupported", 1, "Update the completely same stack is not supported.",
			ErrUnchanged.Error()},
		{"something else that is not supported", 400, "NotSupported", 1, "Resource type X is not supported.",
			"400 NotSupported: Resource type X"},
		{"no stack", 404, "StackNotFound", 1, "The Stack (x) could not be found.", ErrNotFound.Error()},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			tokens := []string{}
			c := asked(t, func(_ string, r *http.Request) (int, any) {
				tokens = append(tokens, r.Form.Get("ClientToken"))
				return row.status, object{"Code": row.code, "Message": row.message}
			})
			err := c.Update(t.Context(), "id", Spec{Token: "the token", Timeout: time.Second})
			if err == nil || !strings.Contains(err.Error(), row.say) {
				t.Errorf("got %v", err)
			}
			if len(tokens) != row.maxTries || slices.ContainsFunc(tokens, func(s string) bool {
				return s != "the token"
			}) {
				t.Errorf("tried with tokens %q, want %d maxTries", tokens, row.maxTries)
			}
		})
	}
}
