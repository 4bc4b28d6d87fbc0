package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/capture"
	"community-images/shared/cloud"
	"community-images/shared/ehpc"
	"community-images/shared/ehpc/ehpctest"
	"community-images/shared/fcrun/fctest"
)

const (
	benchScopes      = 2000
	benchImages      = 200 // 109 kB an answer
	benchDistinct    = 2000
	benchLatency     = 20 * time.Millisecond
	benchConcurrency = 32
	serveVariable    = "SERVE_BENCH_UPSTREAM"
)

// TestMain turns the test binary into an E-HPC endpoint when it is asked to:
// a benchmark then measures the CPU of the client alone.
func TestMain(m *testing.M) {
	if os.Getenv(serveVariable) != "" {
		serveUpstream()
		return
	}
	fctest.SetParallel(6)
	os.Exit(fctest.Run(m))
}

// serveUpstream serves until standard input ends; a line on it changes one
// image in every list.
func serveUpstream() {
	data := ehpctest.NewSized("cn-hangzhou", benchScopes, benchImages, benchDistinct)
	server, err := ehpctest.Listen(ehpctest.New(ehpctest.Options{
		Data: data, Keys: map[string]ehpctest.Key{"id": {Secret: "secret"}}, Latency: benchLatency,
	}))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(server.URL)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		data.ChangeImages()
		fmt.Println("changed")
	}
}

// BenchmarkRun measures a run of 2,000 scopes of 109 kB each against an
// endpoint with a latency of 20 ms, 32 calls at a time. The floor is that of
// the latency alone: 2,000 x 20 ms / 32.
func BenchmarkRun(b *testing.B) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serveVariable+"=1")
	cmd.Stderr = os.Stderr
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err1 != nil || err2 != nil || cmd.Start() != nil {
		b.Fatal("the endpoint cannot be started")
	}
	defer func() { _ = in.Close(); _ = cmd.Wait() }()
	lines := bufio.NewScanner(out)
	lines.Scan()
	client, err := ehpc.New(ehpc.Options{
		Endpoint: lines.Text(), MaxIdle: benchConcurrency,
		Credentials: func(context.Context) (cloud.Credentials, error) {
			return cloud.Credentials{AccessKeyID: "id", AccessKeySecret: "secret"}, nil
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	keys, err := archive.NewKeys("p")
	if err != nil {
		b.Fatal(err)
	}
	writer := archive.NewWriter(buckettest.NewMemory(b), keys, time.Now)
	capturer := capture.New(capture.Settings{
		Regions: []string{"cn-hangzhou"}, InstanceTypes: capture.InstanceTypes{Auto: true},
		Concurrency: benchConcurrency, ShrinkGuard: 50,
	}, client, capture.NewRateLimiter(1e6, time.Now), writer, time.Now)
	run := func(b *testing.B) *capture.Report {
		report, err := capturer.Run(context.Background(), capture.Request{RunID: "bench", Trigger: "direct"})
		if err != nil || len(report.Unreadable) > 0 || report.Counts.Failed+report.Counts.Left+report.Counts.Held > 0 {
			b.Fatal(report.Counts, err)
		}
		return report
	}
	ideal := benchScopes * benchLatency / benchConcurrency
	measure := func(name string, before func(), changed int) {
		b.Run(name, func(b *testing.B) {
			var wall, cpu time.Duration
			for range b.N {
				before()
				began, used := time.Now(), cpuTime()
				report := run(b)
				wall, cpu = wall+time.Since(began), cpu+cpuTime()-used
				if report.Counts.Changed != changed {
					b.Fatalf("counts are %+v", report.Counts)
				}
			}
			n := time.Duration(b.N)
			b.ReportMetric(float64(wall/n)/float64(ideal), "x-ideal")
			b.ReportMetric(float64((cpu/n).Microseconds())/benchScopes/1000, "cpu-ms/call")
		})
	}
	run(b)
	measure("unchanged", func() {}, 0)
	measure("everything changed", func() {
		fmt.Fprintln(in)
		lines.Scan()
	}, benchScopes)
	if !strings.HasPrefix(lines.Text(), "changed") {
		b.Error("the endpoint did not change its lists")
	}
}

// cpuTime is the CPU time that this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
