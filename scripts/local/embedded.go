package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"community-images/scripts/datadir"
	"community-images/shared/archive"
	"community-images/shared/catalog"
	"community-images/shared/cloud"
	"community-images/shared/ehpc/ehpctest"
	"community-images/shared/fcrun/fctest"
	"community-images/shared/ossbucket/osstest"
)

const (
	// worldSeed makes the simulated E-HPC the same on every machine. Its value is
	// the version of the API.
	worldSeed = 20180412
	// latency is the time that the embedded E-HPC takes for a call. It is long
	// enough for a person to see the progress.
	latency = 40 * time.Millisecond
)

// startEmbedded starts E-HPC and OSS in this process: the endpoints of the
// tests, with a new access key that both verify.
func startEmbedded(dir *datadir.Directory, environ []string, p *progress) (*backend, error) {
	key := newKey()
	world := ehpctest.NewSimulationWithPast(worldSeed)
	upstream, err := ehpctest.Listen(ehpctest.New(ehpctest.Options{
		Data: world, Latency: latency,
		Keys:  map[string]ehpctest.Key{key.AccessKeyID: {Secret: key.AccessKeySecret, Token: key.SecurityToken}},
		Fault: func(c ehpctest.Call) *ehpctest.Fault { p.addCall(c); return world.Fault(c) },
	}))
	if err != nil {
		return nil, fmt.Errorf("starting the embedded E-HPC: %w", err)
	}
	// From here on the backend owns the endpoints and closes them.
	b := &backend{credentials: key, progress: p, closers: []func(){func() { upstream.Close() }}}
	for _, region := range world.Regions() {
		b.regions = append(b.regions, region.RegionID)
	}
	b.homeRegion = b.regions[0]
	b.advance = func(ctx context.Context) (int, error) { return advanceWorld(ctx, world, dir.Path("tick")) }
	b.countQuestions = func() int { return countQuestions(world) }
	// The objects are files below the directory, so they outlive the process.
	store, err := dir.Serve(osstest.Key{ID: key.AccessKeyID, Secret: key.AccessKeySecret, Token: key.SecurityToken})
	if err != nil {
		b.close()
		return nil, err
	}
	b.closers = append(b.closers, store.Close)
	b.keys, b.archive = store.Keys, archive.New(store.Bucket, store.Keys)
	b.location = dir.ObjectPath(store.Keys.Root())
	b.showCommand = func(key string) string { return "cat " + shellQuote(dir.ObjectPath(key)) }
	// The caller's settings pass through, except those that say where data comes
	// from and goes to.
	b.env = append(selectByPrefix(environ, "SNAPSHOT_", "QUERY_", "NOTIFY_", "LOG_LEVEL="),
		"OSS_ENDPOINT="+store.URL, "OSS_BUCKET="+datadir.Bucket, "OSS_PREFIX="+datadir.Prefix,
		"EHPC_ENDPOINT="+upstream.URL, "EHPC_REGIONS="+strings.Join(b.regions, ","))
	if lookUp(environ, allowPrivate) == "" { // a receiver to try messages with is on this machine
		b.env = append(b.env, allowPrivate+"=true")
	}
	return b, nil
}

const allowPrivate = "NOTIFY_ALLOW_PRIVATE"

// newKey returns an access key for one run: nothing outside this process can use
// the endpoints.
func newKey() cloud.Credentials {
	id := fctest.NewRequestID()
	return cloud.Credentials{
		AccessKeyID:     "STS.local" + id[len(id)-12:],
		AccessKeySecret: "secret-" + fctest.NewRequestID(),
		SecurityToken:   "token-" + fctest.NewRequestID(),
	}
}

// advanceWorld moves the world to the tick after the one in the file and stores
// the new tick. The world depends on its tick alone, so a second run on the
// directory continues the history.
func advanceWorld(ctx context.Context, world *ehpctest.Simulation, file string) (int, error) {
	// The file has the last tick that was begun. The next one is new even if its
	// snapshot failed.
	tick, err := nextTick(file)
	if err != nil {
		return 0, err
	}
	// This takes long after weeks of runs, so it stops for Ctrl-C every 100 ticks.
	for world.TickCount() < tick {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		world.AdvanceTo(min(tick, world.TickCount()+100))
	}
	// Write and rename: a crash must not leave half a number.
	err = os.WriteFile(file+".new", fmt.Appendln(nil, tick), 0o644)
	if err == nil {
		err = os.Rename(file+".new", file)
	}
	if err != nil {
		return 0, fmt.Errorf("storing the tick of the embedded E-HPC: %w", err)
	}
	return tick, nil
}

// nextTick returns one more than the number in the file, or 0 without a file.
func nextTick(file string) (int, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	// A file that cannot be read is as bad as one without a number: the advice is
	// the same.
	last := 0
	if err == nil {
		last, err = strconv.Atoi(strings.TrimSpace(string(text)))
	}
	if err != nil || last < 0 {
		return 0, fmt.Errorf("reading the tick of the embedded E-HPC from %q: "+
			"not a whole number; remove the file to begin anew", file)
	}
	return last + 1, nil
}

// countQuestions counts the questions of a full snapshot: one for each region
// without a cluster, one for each cluster, and one for each instance type of a
// cluster.
func countQuestions(world *ehpctest.Simulation) int {
	n := len(world.Regions())
	for _, raw := range world.Clusters("") {
		n++
		if c, _, err := catalog.ParseCluster(raw, ""); err == nil {
			n += len(c.InstanceTypes)
		}
	}
	return n
}

// shellQuote quotes a path as one word of a shell command.
func shellQuote(path string) string { return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'" }
