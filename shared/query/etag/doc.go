// Package etag makes the ETags of answers, and compares them with what a caller sends in
// If-None-Match and If-Match (RFC 9110).
package etag
