package message_test

import (
	"strings"
	"testing"

	"community-images/shared/message"
)

// translations are the Chinese templates of the tests by the English ones.
var translations = map[message.Template]string{
	"Image %s is offered to %s.": "%[2]s提供镜像 %[1]s。",
	", ":                         "、",
	" or ":                       "或",
	"all clusters":               "所有集群",
	"%d %% of them":              "其中 %d %%",
	"No images.":                 "没有镜像。",
}

// inChinese is English for templates without a translation.
func inChinese(template message.Template) string {
	if text, ok := translations[template]; ok {
		return text
	}
	return string(template)
}

// TestText shows texts in English and in Chinese.
func TestText(t *testing.T) {
	t.Parallel()
	names := []message.Text{message.Untranslated("a"), message.Untranslated("b%d"), message.New("all clusters")}
	for _, row := range []struct {
		text             message.Text
		english, chinese string
	}{
		{message.Text{}, "", ""},
		{message.New("No images."), "No images.", "没有镜像。"},
		{message.New("Not translated: %d", 5), "Not translated: 5", "Not translated: 5"},
		{message.New("%d %% of them", 5), "5 % of them", "其中 5 %"},
		{message.New("Image %s is offered to %s.", `"m-1"`, message.List(", ", names)),
			`Image "m-1" is offered to a, b%d, all clusters.`, `a、b%d、所有集群提供镜像 "m-1"。`},
		{message.Join(names[0], message.New(" or "), names[2]), "a or all clusters", "a或所有集群"},
	} {
		if got := row.text.String(); got != row.english {
			t.Errorf("in English it is %q, want %q", got, row.english)
		}
		if got := row.text.In(inChinese); got != row.chinese {
			t.Errorf("in Chinese it is %q, want %q", got, row.chinese)
		}
		if row.text.IsEmpty() != (row.english == "") {
			t.Errorf("IsEmpty of %q is %v", row.english, row.text.IsEmpty())
		}
	}
}

// TestMapStringsLeavesTemplatesAlone replaces arguments at every depth, and nothing else.
func TestMapStringsLeavesTemplatesAlone(t *testing.T) {
	t.Parallel()
	inner := message.New("the token %s of %d", "secret", 5)
	text := message.New("secret %s: %s", inner, "secret")
	hide := func(s string) string { return strings.ReplaceAll(s, "secret", "…") }
	if got := text.MapStrings(hide).String(); got != "secret the token … of 5: …" {
		t.Errorf("it becomes %q", got)
	}
	if got := text.String(); got != "secret the token secret of 5: secret" {
		t.Errorf("the text itself becomes %q", got)
	}
}
