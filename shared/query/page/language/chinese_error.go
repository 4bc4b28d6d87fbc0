package language

// chineseErrorTexts are those of errors: what happened, and what to do.
func chineseErrorTexts() map[Message]string {
	return map[Message]string{
		// Clusters and instance types.
		"No cluster is captured in %s":                                  "%s 没有采集任何集群",
		"No cluster was captured in %s at commit %d":                    "%s 在提交 %d 时没有采集任何集群",
		"No list without a cluster is captured in %s":                   "%s 没有采集不指定集群的列表",
		"No list without a cluster was captured in %s at commit %d":     "%s 在提交 %d 时没有采集不指定集群的列表",
		"Cluster %s is not captured in %s":                              "集群 %s 未在 %s 采集",
		"Cluster %s was not captured in %s at commit %d":                "集群 %s 在 %s 的提交 %d 时未采集",
		"Cluster %s is known in %s but not captured":                    "集群 %s 在 %s 存在，但未采集",
		"Cluster %s was known in %s but not captured at commit %d":      "集群 %s 在 %s 存在，但在提交 %d 时未采集",
		"No cluster has the id %s.":                                     "没有 ID 为 %s 的集群。",
		"The cluster named %s is %s":                                    "名为 %s 的集群是 %s",
		"The clusters named %s are %s":                                  "名为 %s 的集群有 %s",
		"1 more cluster is missing.":                                    "另有 1 个集群缺失。",
		"%d more clusters are missing.":                                 "另有 %d 个集群缺失。",
		"Captured clusters: %s.":                                        "已采集的集群：%s。",
		"%s and %d more (see /v1/clusters)":                             "%s等（另有 %d 个，见 /v1/clusters）",
		"It is captured in %s.":                                         "它在 %s 采集。",
		"It was captured in %s before.":                                 "它此前在 %s 采集过。",
		"It was captured in %s until commit %d at %s: use at=%d.":       "它在 %s 采集到提交 %d（%s）为止：请使用 at=%d。",
		"It was first captured by commit %d at %s: use at=%d or later.": "它由提交 %d（%s）首次采集：请使用 at=%d 或更晚的时间。",
		"Use the id %s.":                                                "请使用 ID %s。",
		"Use the ids of these clusters.":                                "请使用这些集群的 ID。",
		"Use the id of a captured cluster.":                             "请使用已采集的集群的 ID。",
		"Name one of the captured clusters with ClusterId, or all of them with ClusterId=*.": "" +
			"请用 ClusterId 指定一个已采集的集群，或用 ClusterId=* 指定全部。",
		"No list %s is captured %s in %s":               "%[3]s 没有采集%[1]s%[2]s的列表",
		"No list %s was captured %s in %s at commit %d": "%[3]s 在提交 %[4]d 时没有采集%[1]s%[2]s的列表",
		"of cluster %s":                "集群 %s ",
		"of any cluster":               "任何集群",
		"without a cluster":            "不指定集群、",
		"for instance type %s":         "实例规格 %s ",
		"for any instance type":        "任何实例规格",
		"without an instance type":     "不指定实例规格",
		"Captured instance types: %s.": "已采集的实例规格：%s。",
		"Use a captured instance type, or leave InstanceType out for images that every type supports.": "" +
			"请使用已采集的实例规格；不给出 InstanceType 则查询每种规格都支持的镜像。",
		"Scope %s has never been captured successfully. The last check: %s.": "%s 从未成功采集。最近一次检查：%s。",
		"Scope %s had never been captured successfully at commit %d. The last check then: %s.": "" +
			"%s 在提交 %d 时尚未成功采集。当时最近一次检查：%s。",
		"Ask for a later time; /v1/clusters?at= shows the state of every scope.":     "请查询较晚的时间；各列表的状态见 /v1/clusters?at=。",
		"Try again after the next run; /v1/clusters shows the state of every scope.": "请在下一次运行后重试；各列表的状态见 /v1/clusters。",
		"Supply RegionId to ask another region alone.":                               "如需单独查询其他地域，请给出 RegionId。",

		// How fresh the data is.
		"Parts of the answer were last checked more than %s ago: %s.": "应答的部分内容上次检查距今已超过 %s：%s。",
		"%s (%d s)":  "%s（%d 秒）",
		"%s (never)": "%s（从未检查）",
		"Try again after the next run, or use a larger maxAge.":     "请在下一次运行后重试，或使用较大的 maxAge。",
		"the storage cannot be reached; this is what was read last": "无法访问存储，显示的是上次读取的数据",
		"the last check failed: %s":                                 "最近一次检查失败：%s",
		"the last answer is held back as suspicious: %s":            "最近一次应答可疑，已暂扣：%s",
		"not checked for more than %s":                              "超过 %s 未检查",
		"never captured, not in this answer: %s":                    "从未采集到，不在此应答中：%s",
		"no reason is known":                                        "原因未知",

		// Images and aliases.
		"Image %s was never offered in %s by the requested scopes.": "所查询的范围从未在 %[2]s 提供过镜像 %[1]s。",
		"Image %s is no longer offered by the requested scopes. They offered it until %s.": "" +
			"所查询的范围已不再提供镜像 %s，提供截至 %s。",
		"Image %s was not offered in %s by the requested scopes up to commit %d. Commit %d was the first to offer it.": "" +
			"截至提交 %[3]d，所查询的范围未在 %[2]s 提供镜像 %[1]s。提交 %[4]d 首次提供它。",
		"Use at=%d or later, or leave at out.": "请使用 at=%d 或更晚的时间，或去掉 at。",
		"Check the ImageId. /v1/images?ClusterId=*&q= searches all names and ids.": "" +
			"请检查 ImageId。用 /v1/images?ClusterId=*&q= 可搜索全部名称和 ID。",
		"Look for a successor in /v1/images.":                                    "请在 /v1/images 中查找替代镜像。",
		"The history of the image is at /v1/images/{ImageId}/history.":           "该镜像的历史见 /v1/images/{ImageId}/history。",
		"Ask without ClusterId and InstanceType to see whether others offer it.": "去掉 ClusterId 和 InstanceType 可查看其他集群是否提供。",
		"The path has no valid image id.":                                        "路径中没有有效的镜像 ID。",
		"Percent-encode the ImageId, for example /v1/images/m-bp181x855551ww5yq.": "" +
			"请对 ImageId 进行百分号编码，例如 /v1/images/m-bp181x855551ww5yq。",
		"%d images match; minCount requires %d.":                      "有 %d 个镜像符合，minCount 要求 %d 个。",
		"Use fewer conditions. facets= shows which values there are.": "请减少条件。用 facets= 可查看有哪些值。",
		"No alias %s is defined in %s":                                "%[2]s 没有定义别名 %[1]s",
		"No alias %s is defined in %s at commit %d":                   "%[2]s 在提交 %[3]d 时没有定义别名 %[1]s",
		"No alias %s is defined in %s at that time":                   "%[2]s 当时没有定义别名 %[1]s",
		"Aliases: %s.":                   "别名：%s。",
		"/v1/aliases shows the aliases.": "所有别名见 /v1/aliases。",
		"The path has no valid name of an alias. Names have 1 to 64 of a-z 0-9 . _ -.": "" +
			"路径中没有有效的别名。别名由 1 到 64 个 a-z 0-9 . _ - 字符组成。",
		"Alias %s is pinned to image %s (%s), which its scopes do not offer.": "别名 %s 固定到镜像 %s（%s），但其查询范围不提供该镜像。",
		"Its lookup matches no image.":                                        "没有镜像符合它的查询条件。",
		"Its lookup would give %s.":                                           "它的查询会得到 %s。",
		"Tell the operator, who can pin another image or remove the pin.":     "请联系管理员：可固定到其他镜像，或取消固定。",
		"Tell the operator, who defines the aliases.":                         "请联系定义别名的管理员。",
		"The lookup of alias %q cannot be answered here: %s":                  "此处无法应答别名 %q 的查询：%s",
		"No image matches the lookup of alias %s.":                            "没有镜像符合别名 %s 的查询条件。",
		"Alias %q is chosen by the dates of images, which are not known: the index of the region is missing or damaged.": "" +
			"别名 %q 按镜像的日期选取，而这些日期未知：该地域的索引缺失或已损坏。",
		"Try again after the next run that changes something.": "请在下一次有变更的运行后重试。",

		// Times, commits and cursors.
		"The kept history begins at %s with commit %d.":                        "保留的历史始于 %s 的提交 %d。",
		"The kept history begins at %s with commit %d; %s is earlier.":         "保留的历史始于 %s 的提交 %d；%s 更早。",
		"Ask for that time or a later one.":                                    "请查询该时间或更晚的时间。",
		"Use %s=%d, or a later time.":                                          "请使用 %s=%d，或更晚的时间。",
		"since=0 begins with the oldest commit that is kept.":                  "since=0 从保留的最早提交开始。",
		"The last commit is number %d.":                                        "最近一次提交的编号是 %d。",
		"The last commit is number %d; %s is later.":                           "最近一次提交的编号是 %d；%s 更晚。",
		"Ask for that commit or an earlier one.":                               "请查询该提交或更早的提交。",
		"since is later than commit %d, the last one at the time given by at.": "since 晚于提交 %d，即 at 所指时间的最近一次提交。",
		"Use that commit or an earlier one as since, or a later time as at.":   "since 请使用该提交或更早的提交，或者 at 使用更晚的时间。",
		"The state that this cursor belongs to is no longer kept.":             "此游标所属的状态已不再保留。",
		"Start again without cursor.":                                          "请去掉 cursor 重新开始。",
		"The commits after this cursor are no longer kept.":                    "此游标之后的提交已不再保留。",
		"Start again with since=0, or since that commit.":                      "请用 since=0 或从该提交重新开始。",
		"The cursor follows commit %d, but the log of %s ends with commit %d.": "游标接在提交 %d 之后，而 %s 的日志止于提交 %d。",
		"The cursor follows another commit %d than the one in the log of %s.":  "游标所接的提交 %d 与 %s 日志中的不是同一个。",
		"The log was restored from a backup, or the cursor is of another log. Begin anew with since=0, or with since and " +
			"the CommittedAt of the last event that you trust.": "" +
			"日志是从备份恢复的，或者游标属于另一个日志。请用 since=0，或用 since 加上可信的最近事件的 CommittedAt 重新开始。",
		"Expect events that you know already, and take back those that are no longer there.": "" +
			"其中会有已知的事件；请撤销已不存在的事件。",

		// Requests and tokens.
		"No route %s":                            "没有路径 %s",
		"Routes: %s.":                            "可用的路径：%s。",
		"Use one of these paths.":                "请使用其中一个路径。",
		"Method %s is not allowed. Allowed: %s.": "不允许方法 %s。可用的方法：%s。",
		"Use GET.":                               "请使用 GET。",
		"The request URI has %d bytes; the limit is %d.": "请求地址有 %d 字节，上限为 %d。",
		"Ask for less at a time. Use prefix, glob or regex instead of long lists.": "" +
			"请减少每次查询的内容，用 prefix、glob 或 regex 代替长列表。",
		"The Accept header allows none of the media types of this route: %s.": "请求头 Accept 不接受此接口的任何媒体类型：%s。",
		"Accept one of them.":                                     "请接受其中一种。",
		"Accept one of them, or use the format parameter.":        "请接受其中一种，或使用参数 format。",
		"If-Match names other answers than the present one.":      "If-Match 指的不是当前的应答。",
		"If-Match can only be * here: the answer has no ETag.":    "此处 If-Match 只能是 *：该应答没有 ETag。",
		"Ask again without If-Match, and go on from that answer.": "请去掉 If-Match 重新查询，并以该应答为准。",
		"A valid token is required.":                              "需要有效的令牌。",
		"Send the header Authorization: Bearer <token>. The operator of this service issues tokens.": "" +
			"请发送请求头 Authorization: Bearer <token>。令牌由本服务的管理员发放。",
		"Signing in opens pages only, and this address is not a page.": "登录只用于打开页面，而此地址不是页面。",
		"Only access keys are configured, for signed requests to /. The operator of this service can issue tokens.": "" +
			"只配置了用于向 / 发送签名请求的访问密钥。令牌可由本服务的管理员发放。",
		"The token is valid but grants none of the regions that are served here.": "令牌有效，但未授权访问此处提供的任何地域。",
		"Use another endpoint, or ask the operator for another token.":            "请使用其他地址，或向管理员申请其他令牌。",
		"The form cannot be read, or is larger than 16 KB.":                       "表单无法读取，或超过 16 KB。",
		"Use the form of the page to sign in.":                                    "请使用登录页面的表单。",

		// Storage.
		"Nothing has been captured for this region yet.":          "尚未采集该地域的数据。",
		"Nothing has been captured for %s yet.":                   "尚未采集 %s 的数据。",
		"Try again after the first run of the snapshot function.": "请在快照函数首次运行后重试。",
		"What is stored for this region has format %d, and this program reads format %d.": "" +
			"该地域存储的数据格式为 %d，而本程序读取格式 %d。",
		"Tell the operator the RequestId; the log says what to remove.":         "请将 RequestId 告知管理员；日志中说明了应删除的内容。",
		"Tell the operator the RequestId; the function's log names the object.": "请将 RequestId 告知管理员；函数日志中有该对象的名称。",
		"Tell the operator the RequestId.":                                      "请将 RequestId 告知管理员。",
		"The log %s of %s is damaged. Other answers are not affected.":          "%[2]s 的日志 %[1]s 已损坏。其他应答不受影响。",
		"A stored object that this answer needs is damaged. Other answers are not affected.": "" +
			"此应答所需的存储对象已损坏。其他应答不受影响。",
		"The storage cannot be reached, and this instance has no copy of the data.":       "无法访问存储，且此实例没有数据副本。",
		"The storage cannot be reached, and this instance has no copy of the data of %s.": "无法访问存储，且此实例没有 %s 的数据副本。",
		"Try again in a few seconds.":                                           "请在几秒后重试。",
		"The log of %s could not be read.":                                      "无法读取 %s 的日志。",
		"Reading the log of %s timed out after %g s.":                           "读取 %s 的日志超时（%g 秒）。",
		"Reading the log of %s takes longer than the %g s that one answer has.": "读取 %s 的日志超过了一次应答可用的 %g 秒。",
		"Ask for less history: a later since, or fewer images.":                 "请缩小历史范围：使用较晚的 since，或减少镜像。",
		"An unexpected failure.":                                                "发生意外故障。",

		// What the codes of errors mean.
		"the route has no parameter of this name":                            "该接口没有此名称的参数",
		"a parameter has a value that is not allowed":                        "参数的值不被允许",
		"a parameter that is required here is missing":                       "缺少此处必需的参数",
		"the function was invoked with an event that is not an HTTP request": "调用函数的事件不是 HTTP 请求",
		"the answer is larger than Function Compute can send":                "应答超过了函数计算可发送的大小",
		"the token is missing, malformed, unknown or expired":                "缺少令牌，或令牌格式错误、未知或已过期",
		"the token grants none of the regions that are served":               "令牌未授权访问此处提供的任何地域",
		"no route has this path":                                             "没有此路径",
		"the cluster is not captured":                                        "该集群未采集",
		"the cluster is captured, but not with this instance type or not yet at the requested time": "" +
			"该集群已采集，但没有此实例规格，或在所查询的时间尚未采集",
		"no captured scope ever offered the image, or none did up to the requested time": "" +
			"已采集的集群从未提供该镜像，或截至所查询的时间尚未提供",
		"fewer images match than minCount requires":                          "符合的镜像少于 minCount 的要求",
		"the requested time is before the first commit that is kept":         "所查询的时间早于保留的首次提交",
		"no commit has this number yet, or a feed would begin after its end": "尚无此编号的提交，或变更流的起点晚于终点",
		"no alias has this name, or none had at the requested time":          "没有此名称的别名，或在所查询的时间没有",
		"only GET and HEAD are allowed":                                      "只允许 GET 和 HEAD",
		"the route has none of the media types in the Accept header":         "该接口没有请求头 Accept 中的媒体类型",
		"the alias is pinned to an image that its scopes no longer offer":    "别名固定的镜像已不再提供",
		"the lookup of the alias cannot be answered here, for example because a field of it is withheld": "" +
			"此处无法应答别名的查询，例如其中的字段不公开",
		"the requested scopes offered the image once and no longer do": "所查询的范围曾提供该镜像，现已不再提供",
		"the state that the cursor belongs to, or the commits after it, are no longer kept, or the log does not hold the " +
			"commit that the cursor follows, for example after a restore": "" +
			"游标所属的状态或其后的提交已不再保留，或日志中没有游标所接的提交，例如恢复备份之后",
		"If-Match names other answers than the present one":            "If-Match 指的不是当前的应答",
		"the event that FC makes of the request is larger than 256 KB": "函数计算由请求生成的事件超过 256 KB",
		"the escaped path and query are longer than 4096 bytes, or leave less than 80 of them for the cursor of a next page": "" +
			"转义后的路径和查询超过 4096 字节，或为下一页的游标留下的不足 80 字节",
		"an unexpected failure; its details are in the log under the RequestId": "意外故障，详情见日志中的 RequestId",
		"a part of the answer was last checked longer ago than maxAge allows":   "应答的部分内容上次检查的时间早于 maxAge 的允许",
		"the scope is known but has never been captured successfully":           "该列表已知，但从未成功采集",
		"nothing has been captured for the region yet":                          "尚未采集该地域的数据",
		"the storage cannot be reached, or does not give the log in time, and this instance has no copy of the data": "" +
			"无法访问存储，或存储未及时给出日志，且此实例没有数据副本",
		"a stored object that the answer needs is damaged, or has another format than this program reads": "" +
			"应答所需的存储对象已损坏，或其格式与本程序不同",
		"the time was too short: the function timed out before the answer was ready, or the answer needs more history than " +
			"one answer can read": "时间不足：应答就绪前函数已超时，或应答所需的历史超过一次可读取的量",
	}
}
