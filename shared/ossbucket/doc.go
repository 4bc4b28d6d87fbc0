// Package ossbucket is a bucket of Alibaba Cloud OSS, as archive.Bucket describes
// it. It is the only package that uses the OSS SDK.
//
// Errors are fs.ErrNotExist, fs.ErrExist, fs.ErrPermission or the context's own
// where they mean that. They have OSS' code, EC and request id, and never
// credentials or URLs. Bytes are verified with OSS' CRC-64 in both directions.
// Reads, Put and Create are retried after a temporary error; Append never is.
package ossbucket
