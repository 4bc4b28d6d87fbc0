package page

// chineseMessages are the Simplified Chinese texts by the English ones. A test finds texts
// of pages that are missing here, and those that no page uses.
var chineseMessages = map[message]string{
	// frame.go
	"Community images":         "社区镜像",
	"Overview":                 "概览",
	"Images":                   "镜像",
	"Changes":                  "变更",
	"Compare":                  "对比",
	"Matrix":                   "矩阵",
	"Clusters":                 "集群",
	"Status":                   "状态",
	"Skip to the content":      "跳到正文",
	"Region":                   "地域",
	"Show":                     "显示",
	"Sign out":                 "退出登录",
	"checked %s":               "检查于%s",
	"stale: checked %s":        "已过期：检查于%s",
	"never checked":            "从未检查",
	"Navigation":               "导航",
	"Version %s":               "版本 %s",
	"This did not work":        "未能完成",
	"This page as":             "本页其他格式",
	"Description for programs": "接口描述",

	// images.go
	"Image":  "镜像",
	"System": "操作系统",
	"Size":   "大小",

	// times.go
	"just now":    "刚刚",
	"%d min ago":  "%d 分钟前",
	"%d h ago":    "%d 小时前",
	"yesterday":   "昨天",
	"%d days ago": "%d 天前",
}
