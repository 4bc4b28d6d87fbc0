package language

import (
	"maps"
	"sync"
)

// chineseMessages returns the Simplified Chinese texts by the English ones. A test finds
// texts of pages that are missing here, and those that no page uses. The tables are made for
// the first Chinese page, since other cold starts should not wait for them.
var chineseMessages = sync.OnceValue(func() map[Message]string {
	return joinMessages(chineseTexts(), chineseHistoryTexts(), chineseAliasTexts(), chineseHintTexts(),
		chineseFaultTexts(), chineseErrorTexts(), chineseRouteTexts())
})

// joinMessages returns the texts of several tables.
func joinMessages(tables ...map[Message]string) map[Message]string {
	all := map[Message]string{}
	for _, table := range tables {
		maps.Copy(all, table)
	}
	return all
}

// chineseTexts are those of most pages.
func chineseTexts() map[Message]string {
	return map[Message]string{
		// ui/frame.go, ui/parts.go
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
		"checked %s":               "%s检查",
		"never checked":            "从未检查",
		"Navigation":               "导航",
		"Version %s":               "版本 %s",
		"This did not work":        "未能完成",
		"This page as":             "本页其他格式",
		"Description for programs": "接口描述",

		// ui/facts.go
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

		// ui/clusternames.go, fleet/scopes.go
		"every cluster":       "所有集群",
		"Everything":          "全部",
		"never captured":      "从未采集到",
		"failed for %s":       "已失败 %s",
		"held back for %s":    "已暂扣 %s",
		"ok":                  "正常",
		"not checked for %s":  "已有 %s 未检查",
		"Part":                "部分",
		"What is wrong":       "问题",
		"What to do":          "处理办法",
		"What is out of date": "已过期的数据",
		"Images in it: %d; in the published list: %d. Wait: it is published when three runs in a row have seen it (%d " +
			"so far), and a good answer replaces it.": "" +
			"该应答有 %d 个镜像，已发布的列表有 %d 个。请等待：连续三次运行都得到它时（目前 %d 次）会自动发布；若得到正" +
			"常应答，则以后者为准。",
		"Wait: it is published when three runs in a row have seen it.": "" +
			"请等待：连续三次运行都得到该应答时会自动发布。",
		"If it is right, accept it":                     "如果该应答无误，可以接受它",
		"Invoke the snapshot function with this event:": "用以下事件调用快照函数：",
		"Wait: reads go on by themselves when the storage answers.": "" +
			"请等待：存储恢复应答后，读取会自动继续。",
		"Look at the timer and the log of the snapshot function: it has not asked.": "" +
			"请查看快照函数的定时触发器和日志：它没有发起查询。",
		"Wait: the next run asks again. If it lasts, lower the rate of calls.": "" +
			"请等待：下次运行会重试。若持续出现，请降低调用频率。",
		"Wait: the next run asks again. If it lasts, ask E-HPC's support.": "" +
			"请等待：下次运行会重试。若持续出现，请联系 E-HPC 技术支持。",
		"Let the role of the snapshot function call ListCommunityImages for this cluster.": "" +
			"请授权快照函数的角色对该集群调用 ListCommunityImages。",
		"Nothing, if the cluster is gone: the next listing of clusters ends it.": "" +
			"如果集群已释放，则无需处理：下次列出集群时会自动结束采集。",

		// fleet/regions.go
		"Last run":                    "最近一次运行",
		"Last commit":                 "最近一次提交",
		"Lists":                       "列表",
		"Oldest check":                "最早的检查",
		"number %d":                   "编号 %d",
		"none yet":                    "尚未运行",
		"took %s":                     "耗时 %s",
		"%s s":                        "%s 秒",
		"started by the timer":        "由定时器触发",
		"started by a cluster event":  "由集群事件触发",
		"started by hand":             "手动触发",
		"simulated":                   "模拟",
		"%d list to ask":              "应查询 %d 个列表",
		"%d lists to ask":             "应查询 %d 个列表",
		"%d changed":                  "%d 个有变化",
		"%d unchanged":                "%d 个无变化",
		"%d failed":                   "%d 个失败",
		"%d held back":                "%d 个暂扣",
		"%d left for the next run":    "%d 个留待下次运行",
		"%d published by another run": "%d 个已由其他运行发布",
		"%d ended":                    "%d 个已结束",
		"%d ok":                       "%d 个正常",
		"cannot be read":              "无法读取",
		"partly out of date":          "部分过期",
		"fresh":                       "最新",
		"%s cannot be read now.":      "目前无法读取 %s。",
		"The history of %s is simulated up to this time:": "%s 在此时间之前的历史是模拟的：",

		// fleet/clusters.go
		"all regions": "所有地域",
		"%d cluster":  "%d 个集群",
		"%d clusters": "%d 个集群",
		"none boots from an image that is known to be gone": "没有已知从已下线镜像启动的集群",
		"%d boots from an image that is gone":               "%d 个从已下线的镜像启动",
		"%d boot from images that are gone":                 "%d 个从已下线的镜像启动",
		"This is how it was at %s.":                         "这是 %s 时的状态。",
		"Show now":                                          "查看当前状态",
		"By the image that they boot from":                  "按启动镜像筛选",
		"All":                                               "全部",
		"gone":                                              "已下线",
		"offered":                                           "可用",
		"not a community image":                             "非社区镜像",
		"unknown":                                           "未知",
		"Cluster":                                           "集群",
		"Boots from":                                        "启动镜像",
		"Its image":                                         "镜像状态",
		"Newest of the same system":                         "同系统最新镜像",
		"Checked":                                           "检查时间",
		"Scheduler":                                         "调度器",
		"No cluster is in this state.":                      "没有处于此状态的集群。",
		"Show all":                                          "显示全部",
		"No cluster is captured.":                           "没有采集任何集群。",
		"Only what every cluster supports is asked for.": "只查询了所有集群都支持的镜像。",
		"Nothing is captured yet.":                       "尚未采集到任何数据。",
		"gone for %s":                                    "已下线 %s",
		"in answers since %s":                            "依据 %s 以来的应答",
		"E-HPC names no image":                           "E-HPC 未给出镜像",
		"the cluster has never answered":                 "该集群从未有过应答",
		"it is the newest":                               "已是最新",
		"%d of %d lists":                                 "%[2]d 个列表中的 %[1]d 个",
		"Instance type":                                  "实例规格",
		"State":                                          "状态",
		"Content since":                                  "内容始于",
		"Lists by cluster and instance type":             "按集群和实例规格列出的列表",

		// fleet/matrix.go
		"%d image":                            "%d 个镜像",
		"%d images":                           "%d 个镜像",
		"%d column":                           "%d 列",
		"%d columns":                          "%d 列",
		"%d in every column":                  "%d 个在每一列都有",
		"Columns":                             "列",
		"By cluster":                          "按集群",
		"By instance type":                    "按实例规格",
		"By both":                             "按集群和实例规格",
		"Search images":                       "搜索镜像",
		"Name, description, id, product code": "名称、描述、ID、商品代码",
		"Search":                              "搜索",
		"Clear":                               "清除",
		"There is no column.":                 "没有可显示的列。",
		"No image matches.":                   "没有匹配的镜像。",
		"Images by column: ✓ where it is offered": "各列提供的镜像：✓ 表示提供",
		"not offered":     "未提供",
		"everywhere":      "每列都有",
		"contents differ": "内容不一致",
		"Without a type":  "不限规格",
		"First page":      "第一页",
		"Next page":       "下一页",
		"Pages":           "分页",

		// fleet/status.go
		"Subscription":        "订阅",
		"Delivered":           "上次送达",
		"Waiting commits":     "待通知的提交",
		"Messages":            "消息通知",
		"Boot images":         "启动镜像",
		"Listing of clusters": "集群列表",
		"Every list was checked lately, and no check failed.": "所有列表最近都已检查，没有失败。",
		"not known now":            "目前未知",
		"none is known to be gone": "没有已知已下线的镜像",
		"Clusters are not listed: the settings name them.": "不自动列出集群：由配置指定。",
		"failed":    "失败",
		"held back": "暂扣",
		"Clusters are missing in it. Wait: it takes effect when three runs in a row have seen it (%d so far).": "" +
			"其中缺少部分集群。请等待：连续三次运行都得到它时才会生效（目前 %d 次）。",
		"Last one that succeeded:":                "上次成功：",
		"The last run could not use notify.json.": "最近一次运行无法使用 notify.json。",
		"The last run changed no alias.":          "最近一次运行没有更改任何别名。",
		"Neither tokens nor access keys are configured: the trigger's own authentication is all.": "" +
			"未配置令牌和访问密钥：只由触发器自身进行认证。",
		"Pages and lookups ask for a token. E-HPC's own API asks for a signature or a token.": "" +
			"页面和查询需要令牌；E-HPC 原生 API 需要签名或令牌。",
		"Pages, lookups and E-HPC's own API ask for a token.": "页面、查询和 E-HPC 原生 API 都需要令牌。",
		"E-HPC's own API asks for a signature. Pages and lookups are closed.": "" +
			"E-HPC 原生 API 需要签名；页面和查询已关闭。",
		"You may see everything.": "您可以查看全部数据。",
		"You may see only:":       "您只能查看：",
		"Access":                  "访问权限",

		// fleet/home.go
		"Community images of E-HPC": "E-HPC 社区镜像",
		"by instance type":          "因实例规格而异",
		"This service keeps what E-HPC's ListCommunityImages answers: which images each cluster and instance " +
			"type is offered, now and in the past. Search them, see what has changed, and whether a cluster " +
			"boots from an image that is gone.": "" +
			"本服务保存 E-HPC 接口 ListCommunityImages 的应答：各集群和实例规格现在及过去可用的镜像。您可以搜" +
			"索镜像，查看变更，以及了解是否有集群从已下线的镜像启动。",
		"images in %s":                "%s 的镜像数",
		"new in 24 hours":             "24 小时内新增",
		"gone everywhere in 24 hours": "24 小时内全部下线",
		"of %d clusters boot from an image that is gone": "个集群（共 %d 个）从已下线的镜像启动",
		"You may not see any region.":                    "您无权查看任何地域。",
		"The status cannot be read now.":                 "目前无法读取状态。",
		"Data of %s":                                     "%s 的数据",
		"Clusters whose image is gone":                   "启动镜像已下线的集群",
		"None is known.":                                 "没有已知的此类集群。",
		"All clusters":                                   "所有集群一览",
		"In the last 24 hours":                           "最近 24 小时",
		"All changes":                                    "全部变更",
		"Nothing has changed.":                           "没有变更。",
		"What":                                           "变更",
		"Where":                                          "位置",
		"When":                                           "时间",
		"added":                                          "新增",
		"removed":                                        "移除",
		"changed":                                        "更改",
		"cluster ended":                                  "集群已结束",
		"This cannot be shown now.":                      "目前无法显示。",
		"Other regions":                                  "其他地域",
		"For programs":                                   "供程序使用",
		"Each page has the same data for programs: add format=json to its address, or ask without a browser.": "" +
			"每个页面都为程序提供同样的数据：在地址后加 format=json，或不用浏览器直接请求。",
		"Description of all routes (OpenAPI)": "所有接口的描述（OpenAPI）",
		"Metrics for Prometheus":              "Prometheus 指标",
		"All routes":                          "所有路由",

		// ui/times.go
		"just now":    "刚刚",
		"%d min ago":  "%d 分钟前",
		"%d h ago":    "%d 小时前",
		"yesterday":   "昨天",
		"%d days ago": "%d 天前",

		// images
		"%d captured image":            "%d 个已采集的镜像",
		"%d captured images":           "%d 个已采集的镜像",
		"%d field differs":             "%d 个字段不同",
		"%d fields differ":             "%d 个字段不同",
		"%d more":                      "另外 %d 项",
		"%d of %d":                     "%[2]d 个中的 %[1]d 个",
		"%d of %s":                     "%[2]s中的 %[1]d 个",
		"%d–%d of %d":                  "第 %d–%d 个，共 %d 个",
		"Active filters":               "已选条件",
		"Add":                          "添加",
		"Architecture":                 "架构",
		"As of":                        "截至",
		"As of a time (UTC) or commit": "查看某一时间（UTC）或某次提交",
		"At least":                     "至少",
		"Back to the list":             "返回列表",
		"Billing":                      "计费方式",
		"Checked within":               "检查时间不早于",
		"Choose":                       "选择",
		"Choose a time":                "选择时间",
		"Compare the chosen images":    "对比所选镜像",
		"Comparison":                   "镜像对比",
		"Copy":                         "复制",
		"Copy as curl or Terraform":    "复制为 curl 或 Terraform",
		"Field":                        "字段",
		"Filters":                      "筛选",
		"First of each":                "每组取首个，按",
		"First seen":                   "首次出现",
		"Look at the present":          "查看当前数据",
		"No image matches":             "没有符合条件的镜像",
		"Offered in":                   "可用集群",
		"On a page":                    "每页数量",
		"Owner":                        "所有者",
		"Platform":                     "操作系统",
		"Refresh":                      "刷新",
		"Remove":                       "移除",
		"Search everything captured":   "搜索全部已采集的镜像",
		"Search name, description, id, product code":       "搜索名称、描述、ID 或产品代码",
		"Set TOKEN, or the variable token, to your token.": "请将 TOKEN 或变量 token 设为您的令牌。",
		"Show all images":             "显示全部镜像",
		"Sorted by":                   "排序",
		"Text":                        "关键词",
		"Time, cluster, type":         "时间、集群、规格",
		"Usual columns":               "恢复默认列",
		"Without the condition on %s": "去掉条件 %s",
		"and %d more":                 "等，另有 %d 项",
		"any cluster":                 "任意集群",
		"any instance type":           "任意实例规格",
		"as of %s":                    "截至 %s",
		"before history":              "早于历史记录",
		"clear":                       "清除全部",
		"commit %d":                   "提交 %d",
		"differs":                     "不同",
		"every instance type":         "所有实例规格均支持",
		"no cluster":                  "不指定集群",
		"none":                        "无",
		"now, or -24h":                "当前，或 -24h",
		"what every cluster supports": "所有集群均支持",

		"%d s":    "%d 秒",
		"%d min":  "%d 分钟",
		"%d h":    "%d 小时",
		"%d days": "%d 天",
	}
}
