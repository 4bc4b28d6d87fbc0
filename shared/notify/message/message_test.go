package message_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/catalog"
	"community-images/shared/notify/changes"
	"community-images/shared/notify/message"
	"community-images/shared/notify/subscription"
)

var at = catalog.At(time.Date(2026, 11, 29, 4, 4, 48, 0, time.UTC))

// some returns changes of every kind.
func some() *changes.Changes {
	image := func(id, name string) changes.Image { return changes.Image{ImageID: id, ImageName: name} }
	return &changes.Changes{
		RegionID: "cn-hangzhou", From: 25, To: 25, At: at,
		Added:   []changes.Image{image("m-1", "linux_Rocky9.1"), image("m-2", "")},
		Removed: []changes.Image{image("m-3", "linux_CentOS7.3")},
		Changed: []changes.ChangedImage{{Image: image("m-4", "linux_AliyunLinux3"), Fields: []string{"Size", "Status"}}},
		Ended: []changes.Ended{{ClusterID: "ehpc-1", ClusterName: "genomics"},
			{ClusterID: "ehpc-2", InstanceTypes: []string{"ecs.c7.large"}}},
		BootImages: []changes.BootImage{
			{ClusterID: "ehpc-3", ClusterName: "ai-train", Image: image("m-3", "linux_CentOS7.3")}},
		Aliases: []changes.AliasMove{
			{Name: "base", From: image("m-3", "linux_CentOS7.3"), To: image("m-1", "linux_Rocky9.1")},
			{Name: "gpu", From: image("m-9", "x")}},
	}
}

// newMessage returns a message of changes.
func newMessage(c *changes.Changes, flapping ...message.Flapping) *message.Message {
	return &message.Message{ID: "msg_1", Type: message.Changes, At: c.At, RegionID: c.RegionID,
		Regions: []message.Region{message.NewRegion(c, flapping, "https://images.example.com")}}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	flapping := message.Flapping{Image: changes.Image{ImageID: "m-5"}, Times: 4, Since: at, IsOffered: true}
	outage := &message.Message{Type: message.RegionFailing,
		Regions: []message.Region{message.NewOutage("cn-beijing", at, "https://images.example.com")}}
	well := &message.Message{Type: message.RegionWell, Regions: outage.Regions}
	summary := newMessage(some())
	summary.Type, summary.Regions[0].From = message.Summary, 20
	for _, row := range []struct {
		name     string
		m        *message.Message
		language subscription.Language
		want     string
	}{
		{"a commit", newMessage(some(), flapping), subscription.English, `community-images: cn-hangzhou, commit 25
boot image gone (1): ai-train (ehpc-3): linux_CentOS7.3 (m-3)
alias moved (2): base: linux_CentOS7.3 (m-3) -> linux_Rocky9.1 (m-1), gpu: x (m-9) -> nothing
2 new: linux_Rocky9.1 (m-1), m-2
1 gone: linux_CentOS7.3 (m-3)
1 changed: linux_AliyunLinux3 (m-4) [Size Status]
2 no longer there: cluster genomics (ehpc-1), cluster ehpc-2: ecs.c7.large
1 come and go: m-5 (4 times since 2026-11-29 04:04 UTC, now offered)
https://images.example.com/v1/changes?RegionId=cn-hangzhou&at=25&since=24`},
		{"an outage", outage, subscription.English,
			`community-images: E-HPC fails in cn-beijing since 2026-11-29 04:04 UTC. The last good lists stay.
https://images.example.com/v1/status?RegionId=cn-beijing`},
		{"its end, in Chinese", well, subscription.Chinese,
			`community-images：cn-beijing 的 E-HPC 已恢复。此前自 2026-11-29 04:04 UTC 起失败。
https://images.example.com/v1/status?RegionId=cn-beijing`},
		{"a sample", message.NewTest("ops", "", at), subscription.English, `community-images: this is a test.`},
	} {
		row.m.SetText(row.language)
		if diff := cmp.Diff(row.want, row.m.Text); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
	}
	summary.SetText(subscription.Chinese)
	for _, part := range []string{"接收端曾不可用", "第 20 至 25 次提交", "新增 2 个：linux_Rocky9.1 (m-1)、m-2"} {
		if !strings.Contains(summary.Text, part) {
			t.Errorf("%q is not in %q", part, summary.Text)
		}
	}
}

// TestLargeMessagesAreShort: WeCom takes 2,048 bytes. Counts and the link stay.
func TestLargeMessagesAreShort(t *testing.T) {
	t.Parallel()
	c := &changes.Changes{RegionID: "cn-hangzhou", From: 25, To: 25, At: at}
	for i := range 400 {
		im := changes.Image{ImageID: fmt.Sprintf("m-%d", i), ImageName: strings.Repeat("镜像", 100) + "\n\x1b[31m\u202e"}
		c.Added, c.Removed = append(c.Added, im), append(c.Removed, im)
		c.Changed = append(c.Changed, changes.ChangedImage{Image: im, Fields: []string{"Status"}})
		c.BootImages = append(c.BootImages, changes.BootImage{ClusterID: im.ImageID, ClusterName: im.ImageName, Image: im})
	}
	m := newMessage(c)
	for _, language := range []subscription.Language{subscription.English, subscription.Chinese} {
		m.SetText(language)
		if len(m.Text) > 2000 || !strings.Contains(m.Text, "400") || !strings.HasSuffix(m.Text, "since=24") {
			t.Errorf("%d bytes: %s", len(m.Text), m.Text)
		}
		if strings.ContainsAny(m.Text, "\x1b\u202e") {
			t.Errorf("a control character is in %q", m.Text)
		}
	}
	data, err := json.Marshal(m)
	if err != nil || len(data) > 300<<10 {
		t.Errorf("the message has %d bytes: %v", len(data), err)
	}
}
