package message

import (
	"fmt"
	"strings"
	"unicode"

	"community-images/shared/catalog"
	"community-images/shared/notify/changes"
	"community-images/shared/notify/subscription"
)

const (
	// maxText is the size of the longest text, in bytes: WeCom takes 2,048.
	maxText = 2000
	// maxNames is how many names stand in a line.
	maxNames = 5
	// maxName bounds a name, in characters.
	maxName = 80
)

// words are the texts of a language.
type words struct {
	headings
	lines
	parts
}

// headings begin a message or a region.
type headings struct {
	commit, commits string // id of the region and numbers
	failing, well   string // id of the region and a time
	calm            string // id of the region
	summary, test   string
}

// lines have a count and names.
type lines struct {
	bootImage, alias, added, removed, changed, ended, flapping string
}

// parts make names.
type parts struct {
	offered, gone   string // name, count and time of a flapping image
	nothing         string // instead of an image
	cluster, types  string
	more, separator string // of a list
}

// english and chinese are the languages.
var english = words{
	headings{
		commit:  "community-images: %s, commit %d",
		commits: "community-images: %s, commits %d to %d",
		failing: "community-images: E-HPC fails in %s since %s. The last good lists stay.",
		well:    "community-images: E-HPC answers again in %s. It failed since %s.",
		calm:    "community-images: %s, images that came and went have stopped",
		summary: "community-images: this receiver was down. This sums up what it missed.",
		test:    "community-images: this is a test.",
	},
	lines{
		bootImage: "boot image gone (%d): %s",
		alias:     "alias moved (%d): %s",
		added:     "%d new: %s",
		removed:   "%d gone: %s",
		changed:   "%d changed: %s",
		ended:     "%d no longer there: %s",
		flapping:  "%d come and go: %s",
	},
	parts{
		offered:   "%s (%d times since %s, now offered)",
		gone:      "%s (%d times since %s, now gone)",
		nothing:   "nothing",
		cluster:   "cluster %s",
		types:     "%s: %s",
		more:      " and %d more",
		separator: ", ",
	},
}

var chinese = words{
	headings{
		commit:  "community-images：%s，第 %d 次提交",
		commits: "community-images：%s，第 %d 至 %d 次提交",
		failing: "community-images：%s 的 E-HPC 自 %s 起调用失败，继续使用最后一次成功的列表。",
		well:    "community-images：%s 的 E-HPC 已恢复。此前自 %s 起失败。",
		calm:    "community-images：%s，反复上下线的镜像已稳定",
		summary: "community-images：接收端曾不可用，以下是期间变化的汇总。",
		test:    "community-images：这是一条测试消息。",
	},
	lines{
		bootImage: "%d 个集群的启动镜像已下线：%s",
		alias:     "%d 个别名指向了新镜像：%s",
		added:     "新增 %d 个：%s",
		removed:   "下线 %d 个：%s",
		changed:   "变更 %d 个：%s",
		ended:     "%d 个已不存在：%s",
		flapping:  "%d 个反复上下线：%s",
	},
	parts{
		offered:   "%s（自 %[3]s 起 %[2]d 次，当前可用）",
		gone:      "%s（自 %[3]s 起 %[2]d 次，当前已下线）",
		nothing:   "无",
		cluster:   "集群 %s",
		types:     "%s：%s",
		more:      " 等另外 %d 个",
		separator: "、",
	},
}

// SetText writes the text of the message for people.
func (m *Message) SetText(language subscription.Language) {
	w := &english
	if language == subscription.Chinese {
		w = &chinese
	}
	for names := maxNames; ; names-- {
		m.Text = m.write(w, names)
		if len(m.Text) <= maxText || names == 0 {
			break
		}
	}
	if len(m.Text) > maxText { // dozens of regions
		m.Text = strings.ToValidUTF8(m.Text[:maxText], "") + "…"
	}
}

// write returns the text with at most so many names in a line.
func (m *Message) write(w *words, names int) string {
	var lines []string
	if m.Type == Test {
		lines = append(lines, w.test)
	}
	if m.Type == Summary {
		lines = append(lines, w.summary)
	}
	for i := range m.Regions {
		lines = append(lines, m.writeRegion(w, &m.Regions[i], names)...)
	}
	return strings.Join(lines, "\n")
}

// writeRegion returns the lines of a region.
func (m *Message) writeRegion(w *words, r *Region, names int) (lines []string) {
	switch {
	case m.Type == RegionFailing:
		lines = append(lines, fmt.Sprintf(w.failing, r.RegionID, formatTime(*r.FailingSince)))
	case m.Type == RegionWell:
		lines = append(lines, fmt.Sprintf(w.well, r.RegionID, formatTime(*r.FailingSince)))
	case m.Type == Calm:
		lines = append(lines, fmt.Sprintf(w.calm, r.RegionID))
	case r.From < r.To:
		lines = append(lines, fmt.Sprintf(w.commits, r.RegionID, r.From, r.To))
	case r.To > 0:
		lines = append(lines, fmt.Sprintf(w.commit, r.RegionID, r.To))
	}
	if c := r.Counts; c != nil {
		line := func(form string, count int, list []string) {
			if count > 0 {
				lines = append(lines, fmt.Sprintf(form, count, w.join(list, count, names)))
			}
		}
		line(w.bootImage, c.BootImages, mapList(r.BootImages, func(b changes.BootImage) string {
			return orID(b.ClusterName, b.ClusterID) + ": " + nameOf(b.Image)
		}))
		line(w.alias, c.Aliases, mapList(r.Aliases, func(a changes.AliasMove) string {
			return cleanText(a.Name) + ": " + w.orNothing(a.From) + " -> " + w.orNothing(a.To)
		}))
		line(w.added, c.Added, mapList(r.Added, nameOf))
		line(w.removed, c.Removed, mapList(r.Removed, nameOf))
		line(w.changed, c.Changed, mapList(r.Changed, nameOfChange))
		line(w.ended, c.Ended, mapList(r.Ended, w.nameOfEnded))
		line(w.flapping, c.Flapping, mapList(r.Flapping, w.nameOfFlapping))
	}
	if r.Link != "" {
		lines = append(lines, r.Link)
	}
	return lines
}

// join joins names. count is the number of all.
func (w *words) join(list []string, count, most int) string {
	shown := list[:min(len(list), most)]
	text := strings.Join(shown, w.separator)
	if count > len(shown) {
		text += fmt.Sprintf(w.more, count-len(shown))
	}
	return text
}

// mapList returns a text for each entry of a list.
func mapList[T any](list []T, text func(T) string) []string {
	texts := make([]string, len(list))
	for i, entry := range list {
		texts[i] = text(entry)
	}
	return texts
}

// nameOf returns the name of an image and its id.
func nameOf(im changes.Image) string { return orID(im.ImageName, im.ImageID) }

// orID returns a name with an id, or the id alone.
func orID(name, id string) string {
	if name == "" {
		return cleanText(id)
	}
	return cleanText(name) + " (" + cleanText(id) + ")"
}

// orNothing is nameOf for an image that may be none.
func (w *words) orNothing(im changes.Image) string {
	if im.ImageID == "" {
		return w.nothing
	}
	return nameOf(im)
}

// nameOfChange returns the name of an image and the fields that differ.
func nameOfChange(im changes.ChangedImage) string {
	if len(im.Fields) == 0 {
		return nameOf(im.Image)
	}
	return nameOf(im.Image) + " [" + cleanText(strings.Join(im.Fields, " ")) + "]"
}

// nameOfEnded returns what ended.
func (w *words) nameOfEnded(e changes.Ended) string {
	name := cleanText(catalog.Any)
	if e.ClusterID != "" {
		name = fmt.Sprintf(w.cluster, orID(e.ClusterName, e.ClusterID))
	}
	if len(e.InstanceTypes) == 0 {
		return name
	}
	return fmt.Sprintf(w.types, name, cleanText(strings.Join(e.InstanceTypes, " ")))
}

// nameOfFlapping returns the name of an image, how often it came and went, and what it is now.
func (w *words) nameOfFlapping(f Flapping) string {
	form := w.gone
	if f.IsOffered {
		form = w.offered
	}
	return fmt.Sprintf(form, nameOf(f.Image), f.Times, formatTime(f.Since))
}

// formatTime returns a time for people.
func formatTime(t catalog.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// cleanText returns a text that comes from upstream without line ends and other control
// characters, and not too long.
func cleanText(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > maxName {
		return string(runes[:maxName]) + "…"
	}
	return text
}
