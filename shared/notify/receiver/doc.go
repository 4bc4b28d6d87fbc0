// Package receiver posts messages to receivers, each in its own protocol: CloudEvents with
// signatures of Standard Webhooks, and the robots of DingTalk, Feishu, WeCom and Slack.
//
// An error never has a URL, a host, an address or a secret, because it becomes part of logs
// and objects. Only the kind of the fault, a status and an error code are told.
package receiver
