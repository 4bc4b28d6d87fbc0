package cloud_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"community-images/shared/cloud"
)

var key = cloud.Credentials{AccessKeyID: "LTAI5tKnown", AccessKeySecret: "known/secret", SecurityToken: "CAIS+known"}

func TestCredentialsAreNeverPrinted(t *testing.T) {
	t.Parallel()
	encoded, err := json.Marshal(map[string]any{"a": key, "b": &key})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		fmt.Sprint(key), fmt.Sprintf("%v %+v %#v %s", key, key, key, key), fmt.Sprint(&key), string(encoded),
	} {
		if strings.Contains(text, "nown") {
			t.Errorf("printed: %s", text)
		}
	}
}

func TestRedactFindsEncodedSecrets(t *testing.T) {
	t.Parallel()
	once := url.QueryEscape(key.SecurityToken)
	text := key.Redact("sent known/secret and CAIS+known, " + once + ", " + url.QueryEscape(once) + " by LTAI5tKnown")
	want := "sent [redacted] and [redacted], [redacted], [redacted] by [redacted]"
	if text != want {
		t.Errorf("got %q, want %q", text, want)
	}
	if text := (cloud.Credentials{AccessKeySecret: "plain"}).Redact("plain words"); text != "plain words" {
		t.Errorf("a short value mangles words: %q", text)
	}
}

func TestSourceReturnsTheNewest(t *testing.T) {
	t.Parallel()
	environment := cloud.Credentials{AccessKeyID: "environment-id", AccessKeySecret: "environment-secret"}
	s := cloud.NewSource(environment)
	if s.Newest() != environment {
		t.Error("before any invocation it is not the environment's")
	}
	s.Update(key)
	s.Update(cloud.Credentials{AccessKeyID: "half"})
	if s.Newest() != key {
		t.Error("unusable credentials replaced the newest")
	}
	if text := s.Redact("environment-secret known/secret"); text != "[redacted] [redacted]" {
		t.Errorf("redacted to %q", text)
	}
	var none *cloud.Source
	none.Update(key)
	if none.Redact("text") != "text" {
		t.Error("a nil source changes a text")
	}
}
