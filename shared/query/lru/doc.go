// Package lru is a cache that drops what was used least recently when the sum of the
// costs of its values exceeds a limit.
package lru
