package shared_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDocumentLinksResolve follows every relative link of every README.md to its
// file and, after "#", to a heading in it.
func TestDocumentLinksResolve(t *testing.T) {
	t.Parallel()
	var documents []string
	for _, pattern := range []string{"../README.md", "../*/*/README.md", "../*/*/*/README.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, found...)
	}
	if len(documents) < 10 {
		t.Fatalf("there are only the documents %q", documents)
	}
	for _, document := range documents {
		links := regexp.MustCompile(`\]\(([^)#\s]*)#?([^)\s]*)\)`).FindAllStringSubmatch(readText(t, document), -1)
		for _, link := range links {
			if strings.Contains(link[1], "://") {
				continue
			}
			target := document
			if link[1] != "" {
				target = filepath.Join(filepath.Dir(document), link[1])
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: the link %s names no file", document, link[0])
				continue
			}
			if link[2] != "" && !headingAnchors(readText(t, target))[link[2]] {
				t.Errorf("%s: the link %s names no heading", document, link[0])
			}
		}
	}
}

// headingAnchors returns the anchors that a Markdown renderer gives the headings.
func headingAnchors(text string) map[string]bool {
	anchors := map[string]bool{}
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		anchor := regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		anchors[strings.ReplaceAll(anchor, " ", "-")] = true
	}
	return anchors
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
