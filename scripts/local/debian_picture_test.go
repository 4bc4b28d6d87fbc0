//go:build debian

package main

import (
	"bytes"
	"image/png"
	"os"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"community-images/shared/chromiumtest"
)

// TestDebianPicture takes the picture of the images page that README.md shows, from a local
// run with the seeded month. With the environment variable PICTURE it writes it to that file:
//
//	PICTURE=$PWD/scripts/local/images.png go test -tags debian -run DebianPicture ./scripts/local
func TestDebianPicture(t *testing.T) {
	addr := serveSeededMonth(t)
	ctx := chromiumtest.Start(t)
	var rows int
	var picture []byte
	const images = "/v1/images?ClusterId=*&RegionId=cn-hangzhou&OsTag.Platform=CentOS&sort=-OsTag.Version"
	err := chromedp.Run(ctx,
		chromedp.EmulateViewport(1280, 660),
		emulation.SetEmulatedMedia().WithFeatures(
			[]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "light"}}),
		chromedp.Navigate("http://"+addr+images),
		chromedp.WaitVisible("tbody", chromedp.ByQuery),
		chromedp.Evaluate(`document.querySelectorAll("tbody tr").length`, &rows),
		chromedp.CaptureScreenshot(&picture),
	)
	if err != nil {
		t.Fatal(err)
	}
	config, err := png.DecodeConfig(bytes.NewReader(picture))
	if err != nil || config.Width != 1280 || config.Height != 660 || rows < 20 {
		t.Errorf("the picture has %d x %d points and %d images: %v", config.Width, config.Height, rows, err)
	}
	if file := os.Getenv("PICTURE"); file != "" {
		if err := os.WriteFile(file, picture, 0o644); err != nil {
			t.Error(err)
		}
	}
}
