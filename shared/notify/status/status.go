// Package status has the object in which a run stores how the subscriptions to messages stand.
// The query function shows it. It must not read the subscriptions themselves, which have
// secrets.
package status

import (
	"encoding/json"
	"fmt"

	"community-images/shared/catalog"
)

// Version is the version of the object. Others are refused.
const Version = 1

// Status is how all subscriptions stand after a run. It has no URL and no secret.
type Status struct {
	// Format is the constant Version.
	Format int `json:"Format"`
	// Problem says why the last run could not use notify.json. It is empty if it could. Then
	// Subscriptions is what an earlier run has found.
	Problem string `json:"Problem,omitempty"`
	// Subscriptions are in the order of the file. It is never null.
	Subscriptions []Subscription `json:"Subscriptions"`
}

// Subscription is how one subscription stands.
type Subscription struct {
	// DeliveredAt is when the receiver last took a message. It is absent if it never did.
	DeliveredAt *catalog.Time `json:"DeliveredAt,omitempty"`
	// FailingSince is when the receiver first refused the message that is due. It is absent if
	// the last message was delivered.
	FailingSince *catalog.Time `json:"FailingSince,omitempty"`
	// Kind is that of the receiver, for example dingtalk.
	Kind string `json:"Kind"`
	// Name is that of the subscription.
	Name string `json:"Name"`
	// Pending is the number of commits that the receiver has not been told of.
	Pending int64 `json:"Pending"`
	// Problem says why a message could not be delivered. It has no text of the receiver.
	Problem string `json:"Problem,omitempty"`
	// RetryAt is when a run tries again, at the earliest.
	RetryAt *catalog.Time `json:"RetryAt,omitempty"`
}

// Encode returns the object.
func (s *Status) Encode() ([]byte, error) {
	data, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encoding the status of subscriptions: %w", err)
	}
	return append(data, '\n'), nil
}

// Decode reads an object.
func Decode(data []byte) (*Status, error) {
	s := new(Status)
	if err := json.Unmarshal(data, s); err != nil {
		return nil, fmt.Errorf("decoding the status of subscriptions: %w", err)
	}
	if s.Format != Version {
		return nil, fmt.Errorf("the status of subscriptions has format %d, not %d", s.Format, Version)
	}
	return s, nil
}
