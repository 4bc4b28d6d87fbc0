package main

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
)

// report is what the command writes with -json. It has no secrets, ids or names of
// the account.
type report struct {
	// Version is that of the checkout, which says what code relied on the claims.
	Version string
	// Region is where the claims were tried. Another region may behave otherwise.
	Region string
	// Started is when the run began, in UTC.
	Started time.Time
	// Seconds is how long the run took, removal included.
	Seconds float64
	// Proved, Refuted and Open count the findings of each verdict.
	Proved, Refuted, Open int
	// Findings are in the order in which the claims were tried.
	Findings []finding
}

// add adds a finding and prints it.
func (p *prover) add(f finding) {
	f.Seen = p.redact(f.Seen)
	p.report.Findings = append(p.report.Findings, f)
	switch f.Verdict {
	case proved:
		p.report.Proved++
	case refuted:
		p.report.Refuted++
	case open:
		p.report.Open++
	}
	printFinding(p.stdout, f)
}

// printFinding prints a finding as lines: the verdict, the claim and its sentence,
// then how it was tried and what was seen.
func printFinding(out io.Writer, f finding) {
	fmt.Fprintf(out, "%-7s  %-22s  %s\n", f.Verdict, f.Claim, f.Text)
	fmt.Fprintf(out, "%-7s  tried: %s\n", "", f.Tried)
	fmt.Fprintf(out, "%-7s  seen:  %s\n", "", f.Seen)
}

// printSummary prints how many claims there are of each verdict.
func (p *prover) printSummary() {
	fmt.Fprintf(p.stdout, "\n%d claims proved, %d refuted, %d open, in %s\n", p.report.Proved, p.report.Refuted,
		p.report.Open, time.Since(p.report.Started).Round(time.Second))
}

// encode returns the JSON document.
func (r report) encode() ([]byte, error) {
	data, err := json.MarshalIndent(r, "", "  ")
	return append(data, '\n'), err
}

// idPatterns match what could identify an account: ids of accounts, access keys,
// clusters, instances and requests, and host names of functions.
var idPatterns = regexp.MustCompile(strings.Join([]string{
	`\b[0-9]{16}\b`,                         // account
	`\b(LTAI|STS\.)[A-Za-z0-9]+`,            // access key
	`\b(ehpc|i|m)-[a-z]+-[0-9A-Za-z]{6,}\b`, // cluster
	`\b(ehpc|i|m|vpc|vsw)-[0-9a-z]{16,}\b`,  // instance, image, network
	`[a-z0-9-]+\.[a-z0-9-]+\.fcapp\.run`,    // function
	`\b[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\b|\b1-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{12}\b`, // request
}, "|"))

// maxSeen is the longest text that is reported of what was seen.
const maxSeen = 1500

// redact removes the names of the deployment, the credentials and ids from a text,
// and makes it one line.
func (p *prover) redact(text string) string {
	text = p.credentials.Redact(text)
	for _, name := range p.privateNames() {
		if name != "" {
			text = strings.ReplaceAll(text, name, "[name]")
		}
	}
	text = idPatterns.ReplaceAllString(text, "[id]")
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "?")), " ")
	if runes := []rune(text); len(runes) > maxSeen {
		text = string(runes[:maxSeen]) + "..."
	}
	return text
}
