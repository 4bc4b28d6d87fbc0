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

	// signin.go
	"Sign in": "登录",
	"Token":   "令牌",
	"This token is not valid. It may have expired, or a character is missing.":        "令牌无效：可能已过期，或缺少字符。",
	"The token that you signed in with is no longer valid. Sign in with another one.": "登录所用的令牌已失效，请换一个令牌重新登录。",
	"This token is valid, but it grants none of the regions that are served here.":    "令牌有效，但未授权访问此处提供的任何地域。",
	"Signing in needs https: over plain HTTP, others on the way could read the token. Open this page by an address " +
		"that begins with https://.": "登录需要使用 HTTPS：通过明文 HTTP 传输时，令牌可能被途中的其他人读取。请通过以 https:// 开头的地址打开本页。",
	"The request to sign in or out did not come from a page of this service, so nothing was changed.": "该登录或退出请求并非来自本服务的页面，因此未作任何更改。",
	"What is captured is shown to people with a token. The operator of this service issues tokens.":   "持有令牌才能查看采集到的数据。令牌由本服务的管理员发放。",
	"The token is kept in a cookie until the browser is closed or you sign out. Programs send the header " +
		"Authorization: Bearer <token> instead.": "令牌保存在 Cookie 中，直至关闭浏览器或退出登录。程序应改用请求头 Authorization: Bearer <token>。",

	// times.go
	"just now":    "刚刚",
	"%d min ago":  "%d 分钟前",
	"%d h ago":    "%d 小时前",
	"yesterday":   "昨天",
	"%d days ago": "%d 天前",
}
