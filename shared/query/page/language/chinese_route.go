package language

// chineseRouteTexts are those of the list of routes on the overview.
func chineseRouteTexts() map[Message]string {
	return map[Message]string{
		"Community images of E-HPC, version %q":                        "E-HPC 社区镜像，版本 %q",
		"The images of the chosen scopes, filtered, sorted and paged.": "所选范围的镜像，可筛选、排序和分页。",
		"One image: its content, the clusters and instance types that offer it, when it was first and last seen.": "" +
			"一个镜像：内容、提供它的集群和实例规格，以及首次和最近出现的时间。",
		"What happened to one image, oldest first: appeared, changed, disappeared, per scope.": "" +
			"一个镜像的历史，从最早开始：各集群和实例规格中的出现、变更和消失。",
		"Every alias with its image, its rule, and its lookup.": "所有别名及其镜像、规则和查询。",
		"The image that an alias stands for, by what rule, and since when: the pin or the lookup that the operator has " +
			"defined.": "别名所代表的镜像、依据的规则（管理员定义的固定或查询）和起始时间。",
		"Every captured scope with its state, and the image that each cluster boots from: whether it is still offered, " +
			"and the newest one.": "所有已采集的列表及其状态，以及各集群的启动镜像：是否仍可用，和最新的镜像。",
		"The feed of changes, oldest first; NextCursor continues where an answer ends. As atom or html without since: the " +
			"newest first.": "变更流，从最早开始；NextCursor 从应答结束处继续。atom 或 html 不给出 since 时从最新开始。",
		"What is gone, new and changed between two times (from, to) in everything, or in what ClusterId and InstanceType " +
			"name. Or what differs between two clusters (ClusterId=a&with=b), now or at a past time.": "" +
			"两个时间（from、to）之间全部数据，或 ClusterId 和 InstanceType 所指范围内的下线、新增和变更；或两个集群" +
			"（ClusterId=a&with=b）现在或过去某时的差异。",
		"Which image is offered in which cluster, or with which instance type: one row per image, and the images that all " +
			"share.": "各镜像在哪些集群或实例规格可用：每个镜像一行，并列出共有的镜像。",
		"Last run, commit, scopes by state and oldest check of each region.": "各地域最近的运行、提交、按状态统计的列表和最早的检查。",
		"The same as metrics, and what this instance has served, for Prometheus and the like.": "" +
			"以指标形式给出上述状态，以及此实例处理的请求，供 Prometheus 等采集。",
		"The description of this interface (OpenAPI 3.1).":           "此接口的描述（OpenAPI 3.1）。",
		"Says that the program answers, without asking the storage.": "表明程序正在应答，不访问存储。",
		"This list, or the page for people if Accept prefers text/html. With Action= or the header x-acs-action, with " +
			"POST, and below /at/<moment>/: E-HPC's own API.": "" +
			"此列表；Accept 优先 text/html 时为页面。带 Action= 或请求头 x-acs-action、使用 POST，以及在 /at/<moment>/ 之下：" +
			"E-HPC 原生 API。",
	}
}
