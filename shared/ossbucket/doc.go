// Package ossbucket is an object store bucket on Alibaba Cloud OSS, as
// archive.Bucket describes it, and the only package that sees the OSS SDK.
//
// Errors are fs.ErrNotExist, fs.ErrExist, fs.ErrPermission or the context's
// own where they mean that, and say OSS' code, EC and request id; credentials
// and URLs are never part of them. Bytes are checked against OSS' CRC-64 in
// both directions. Reads, Put and Create are tried again after a temporary
// fault, Append never is.
package ossbucket
