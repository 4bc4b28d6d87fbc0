package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
)

// storeClaims are about OSS, with the deployer's key, in the code bucket.
func (p *prover) storeClaims() []claim {
	return slices.Concat(p.accessClaims(), p.ruleClaims(), []claim{{
		// Lookups of the past read the log, which is appendable, in ranges. A large
		// factor here would argue for copies of finished months as normal objects.
		id:     "store/ranges",
		text:   "a range of an appendable object is read as fast as one of a normal object, within a factor of 5",
		source: `OSS, AppendObject: reads of appendable objects are "significantly lower" in performance`,
		try:    "20 reads of 64 KB at odd offsets of 4 MB, of each kind of object",
		check:  p.compareRanges,
	}})
}

// accessClaims are about signatures and missing objects.
func (p *prover) accessClaims() []claim {
	return []claim{{
		// shared/ossbucket signs every request so. OSS refuses version 1 for buckets made since September 2025.
		id: "store/signature", text: "OSS accepts requests that are signed with version 4", source: "OSS, signature V4",
		try: "Exists, for the code bucket",
		check: func(ctx context.Context) (string, bool, error) {
			exists, err := p.codeIn.Exists(ctx)
			if err != nil {
				return err.Error(), false, nil
			}
			return fmt.Sprintf("the bucket is seen: %t", exists), exists, nil
		},
	}, {
		// The first run of a region, and a reader that finds no head, tell a missing object from a refused one by
		// this.
		id: "store/missing", text: "reading an object that does not exist gives 404",
		source: "OSS, GetObject", try: "Get with the deployer's key",
		check: func(ctx context.Context) (string, bool, error) {
			_, _, err := p.codeIn.Get(ctx, "prove/missing", "")
			return fmt.Sprint(err), errors.Is(err, fs.ErrNotExist), nil
		},
	}}
}

// ruleClaims are the rules of the contract between the archive and a store. The
// archive loses commits on a store that breaks one of them.
func (p *prover) ruleClaims() []claim {
	var claims []claim
	for i, rule := range buckettest.Rules {
		claims = append(claims, claim{
			id: fmt.Sprintf("store/rule-%02d", i+1), text: rule.Name,
			source: "OSS, PutObject, AppendObject, GetObject and ListObjectsV2", try: "the conformance suite of shared/archive",
			check: func(ctx context.Context) (string, bool, error) {
				// Each rule wants an empty bucket below its prefix.
				if err := deleteObjects(ctx, p.codeIn, buckettest.KeyPrefix); err != nil {
					return "", false, err
				}
				seen, holds := checkRule(rule, p.codeIn)
				return seen, holds, nil
			},
		})
	}
	return claims
}

// checkRule checks one rule of the conformance suite.
func checkRule(rule buckettest.Rule, bucket archive.Bucket) (seen string, holds bool) {
	t := &recorder{}
	done := make(chan struct{})
	go func() { // Fatalf ends the goroutine
		defer close(done)
		rule.Check(t, bucket)
	}()
	<-done
	if len(t.messages) == 0 {
		return "no exception", true
	}
	return strings.Join(t.messages, "; "), false
}

// recorder is a testing.TB outside of a test. It records failures.
type recorder struct {
	testing.TB // nil: only the methods below may be called

	mu       sync.Mutex // rules report from several goroutines
	messages []string   // failures, in the order of their report
}

// Helper implements testing.TB.
func (r *recorder) Helper() {}

// Logf implements testing.TB.
func (r *recorder) Logf(string, ...any) {}

// Errorf records a failure.
func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.messages = append(r.messages, fmt.Sprintf(format, args...))
}

// Error records a failure.
func (r *recorder) Error(args ...any) { r.Errorf("%s", fmt.Sprint(args...)) }

// Fatalf records a failure and ends the check.
func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// Fatal records a failure and ends the check.
func (r *recorder) Fatal(args ...any) { r.Fatalf("%s", fmt.Sprint(args...)) }

// compareRanges reads the same ranges of a normal and of an appendable object.
func (p *prover) compareRanges(ctx context.Context) (string, bool, error) {
	// The bytes differ from place to place, so that a shifted range is noticed.
	content := make([]byte, 4<<20)
	for i := range content {
		content[i] = byte(i * i >> 7)
	}
	const normal, appendable = "ranges/normal", "ranges/appendable"
	if err := p.codeIn.Put(ctx, normal, content); err != nil {
		return "", false, err
	}
	for at := 0; at < len(content); at += 256 << 10 { // as a log grows
		if _, err := p.codeIn.Append(ctx, appendable, int64(at), content[at:at+256<<10]); err != nil {
			return "", false, err
		}
	}
	// The kinds take turns, so that other work on the machine slows both. The first reads
	// open connections and do not count.
	times := map[string][]time.Duration{}
	for i := range 21 {
		const size = 64 << 10
		// A prime step visits all parts of the object.
		offset := (i*200_003 + 7) % (len(content) - size)
		for _, key := range []string{normal, appendable} {
			begun := time.Now()
			data, err := p.codeIn.GetFrom(ctx, key, int64(offset), size)
			if err != nil {
				return "", false, err
			}
			took := time.Since(begun)
			if !bytes.Equal(data, content[offset:offset+size]) {
				return fmt.Sprintf("a range of %s has other bytes", key), false, nil
			}
			if i > 0 {
				times[key] = append(times[key], took)
			}
		}
	}
	median := map[string]time.Duration{}
	for key, list := range times {
		slices.Sort(list)
		median[key] = list[len(list)/2]
	}
	seen := fmt.Sprintf("median %s of the normal object, %s of the appendable one",
		median[normal].Round(10*time.Microsecond), median[appendable].Round(10*time.Microsecond))
	return seen, median[appendable] <= 5*median[normal], nil
}
