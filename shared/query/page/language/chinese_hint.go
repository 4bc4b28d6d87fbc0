package language

// chineseHintTexts are those of hints: why there are few images or none.
func chineseHintTexts() map[Message]string {
	return map[Message]string{
		// What stands between texts.
		" ":                    "",
		": ":                   "：",
		" or ":                 " 或 ",
		", or ":                "，或",
		"%s.":                  "%s。",
		"%s %s":                "参数 %s %s",
		"%s and %d more":       "%s等（另有 %d 个）",
		"none":                 "无",
		"Did you mean %s?":     "您是不是要找 %s？",
		". Did you mean %q?":   "。您是不是要找 %q？",
		"%s with %s.":          "使用 %[2]s 时，%[1]s。",
		"%s in %s.":            "%[1]s（在 %[2]s 中）。",
		"%s without %s.":       "去掉 %[2]s 后，%[1]s。",
		"%s without it.":       "去掉该条件后，%s。",
		"1 image matches":      "有 1 个镜像符合",
		"%d images match":      "有 %d 个镜像符合",
		"captured image":       "已采集的镜像",
		"No %s %s.":            "没有%s%s。",
		"matches %s":           "符合 %s",
		"lacks a value for %s": "缺少 %s 的值",

		// hint
		"1 captured image matches":                                   "有 1 个已采集的镜像符合",
		"%d captured images match":                                   "有 %d 个已采集的镜像符合",
		"image of the selection":                                     "所选范围内的镜像",
		"contains all words of %s":                                   "包含 %s 的全部词语",
		"contains %s in its name, description, id or product code":   "的名称、描述、ID 或产品代码包含 %s",
		"has a value for %s, so no condition on it can match":        "有 %s 的值，因此针对它的条件都无法符合",
		"The only value is %s.":                                      "唯一的值是 %s。",
		"Values go from %s to %s.":                                   "值的范围是 %s 到 %s。",
		"Values: %s.":                                                "可用的值：%s。",
		"Values: %s and %d more.":                                    "可用的值：%s，另有 %d 个。",
		"Each condition alone matches, but no %s meets all of them.": "每个条件单独都有镜像符合，但没有%s同时符合全部条件。",
		"Only images that every cluster supports.":                   "只包含每个集群都支持的镜像。",
		"Only images that every cluster supports were searched.":     "只搜索了每个集群都支持的镜像。",
		"ClusterId=* searches all captured images.":                  "用 ClusterId=* 可搜索全部已采集的镜像。",
		"Every cluster supports %d of %d captured images; ClusterId=* searches all.": "" +
			"每个集群都支持的镜像有 %d 个（已采集的共 %d 个）；用 ClusterId=* 可搜索全部。",
		"The selection has no images at all.":                             "所选范围内没有任何镜像。",
		"%d of %d ids are not in the selection: %s.":                      "所选范围内缺少 %d 个 ID（共 %d 个）：%s。",
		"%d more ids are not in the selection.":                           "另有 %d 个 ID 不在所选范围内。",
		"Image %s is not in the selection.":                               "镜像 %s 不在所选范围内。",
		"Image %s is offered to %s.":                                      "提供镜像 %s 的是：%s。",
		"Image %s is not offered.":                                        "镜像 %s 未提供。",
		"Image %s was never offered in %s.":                               "镜像 %s 从未在 %s 提供过。",
		"Image %s is no longer offered. It was offered until %s.":         "镜像 %s 已不再提供，提供截至 %s。",
		"The pin on image %s (%s) ended at %s; the lookup decides again.": "对镜像 %s 的固定（%s）已于 %s 到期，现由查询决定。",
	}
}
