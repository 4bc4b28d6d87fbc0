// Package osstest is an OSS endpoint in process, in memory or on a directory,
// for tests and the local run. gofakes3 stores and serves the objects; the
// package adds what makes it OSS: signatures (versions 1 and 4), appends by
// position, x-oss-forbid-overwrite, CRC-64, range behaviour, request ids, the
// lists and the error documents.
//
// It follows the documentation of OSS and keeps no convention of its own, so
// that what works here works there. It knows no versioning, access lists or
// encryption.
package osstest
