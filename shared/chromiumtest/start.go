//go:build debian

// Package chromiumtest starts Chromium for tests.
package chromiumtest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Start starts Chromium in English and returns the context of a tab. Both end with the test,
// or after five minutes.
func Start(t *testing.T, options ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	all := slices.Concat(chromedp.DefaultExecAllocatorOptions[:], []chromedp.ExecAllocatorOption{
		chromedp.NoSandbox,                     // CI runs as root
		chromedp.WSURLReadTimeout(time.Minute), // of the first start after it was installed
		chromedp.Flag("lang", "en-US"),
	}, options)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), all...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(cancel)
	return ctx
}
