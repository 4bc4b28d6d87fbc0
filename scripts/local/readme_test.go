package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// exampleBlock is a shell block of a document and the block below it, which has what
// the commands print. Both are indented in a list.
var exampleBlock = regexp.MustCompile("(?ms)^( *)```sh\n((?: *[^`\n]*\n)+?) *```\n\n? *```(?:json)?\n(.*?)^ *```$")

// TestReadmeExamplesPrintWhatTheyShow pastes the lookups of both documents into a shell
// beside a local run that has the seeded month.
func TestReadmeExamplesPrintWhatTheyShow(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("runs where bash and curl are installed, as CI does in a step of its own: ", err)
		}
	}
	addr := serveSeededMonth(t)
	for path, least := range map[string]int{"README.md": 1, "shared/query/README.md": 10} {
		text, err := os.ReadFile(filepath.Join("../..", path))
		if err != nil {
			t.Fatal(err)
		}
		shown := 0
		for _, block := range exampleBlock.FindAllStringSubmatch(string(text), -1) {
			if script := block[2]; strings.Contains(script, "/v1/") {
				shown++
				checkExample(t.Context(), t, addr, strings.ReplaceAll("\n"+script, "\n"+block[1], "\n"),
					strings.ReplaceAll("\n"+block[3], "\n"+block[1], "\n"))
			}
		}
		if shown < least {
			t.Errorf("%s shows the output of %d examples", path, shown)
		}
	}
}

// serveSeededMonth serves the seeded month as a local run does, until the test ends. It
// returns the address.
func serveSeededMonth(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var out, faults syncBuffer
	month := copySeededMonth(t)
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"-addr", "127.0.0.1:0", "-data", month.path, "-every", "1h"},
			newProcess(fastSettings, &out, &faults, compileOnce(t)))
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	waitFor(t, &out, "/v1/status'", ended)
	return regexp.MustCompile(`serving http://(\S+),`).FindStringSubmatch(out.String())[1]
}

// checkExample runs the commands of an example and compares what they print with what
// the document shows. There "..." stands for anything, and times differ. Line ends
// count as spaces do: JSON is shown in several lines.
func checkExample(ctx context.Context, t *testing.T, addr, script, want string) {
	t.Helper()
	const documented = "127.0.0.1:8080"
	setup := "H=http://" + addr + " C=ehpc-hz-FYUr32hD1k\n"
	cmd := exec.CommandContext(ctx, "bash", "-c", setup+strings.ReplaceAll(script, documented, addr))
	printed, err := cmd.Output()
	got := strings.ReplaceAll(string(printed), addr, documented)
	times := regexp.MustCompile(`\d{4}-\d\d-\d\dT[\d:.]+Z`)
	pattern := regexp.QuoteMeta(times.ReplaceAllString(want, "TIME"))
	pattern = strings.ReplaceAll(pattern, `\.\.\.`, `.*`)
	pattern = regexp.MustCompile(`\s+`).ReplaceAllString(strings.TrimSpace(pattern), `\s*`)
	if !regexp.MustCompile(`(?s)^\s*` + pattern + `\s*$`).MatchString(times.ReplaceAllString(got, "TIME")) {
		t.Errorf("the example%sprints (%v)\n%s\nand the document shows%s", script, err, got, want)
	}
}
