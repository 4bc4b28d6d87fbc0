package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"community-images/shared/archive"
	"community-images/shared/catalog"
	"community-images/shared/ehpc/ehpctest"
	"community-images/shared/fcrun/fctest"
	"community-images/shared/ossbucket"
	"community-images/shared/ossbucket/osstest"
)

const (
	bucketName = "community-images-local"
	prefix     = "community-images"
	worldSeed  = 20180412              // the version of the API
	latency    = 40 * time.Millisecond // of the embedded E-HPC, so that a snapshot can be watched
)

// embedded is E-HPC and OSS in this process: the endpoints of the tests, with
// an access key of their own that both check.
func embedded(dir string, environ []string, m *meter) (*place, error) {
	id := fctest.NewRequestID()
	key := fctest.Credentials{AccessKeyID: "STS.local" + id[len(id)-12:], AccessKeySecret: "secret-" + fctest.NewRequestID(), SecurityToken: "token-" + fctest.NewRequestID()}
	world := ehpctest.NewWorld(worldSeed)
	upstream, err := ehpctest.Listen(ehpctest.New(ehpctest.Options{
		Data: world, Latency: latency,
		Keys:  map[string]ehpctest.Key{key.AccessKeyID: {Secret: key.AccessKeySecret, Token: key.SecurityToken}},
		Fault: func(c ehpctest.Call) *ehpctest.Fault { m.asked(c); return world.Fault(c) },
	}))
	if err != nil {
		return nil, fmt.Errorf("starting the embedded E-HPC: %w", err)
	}
	p := &place{credentials: key, meter: m, done: []func(){func() { upstream.Close() }}}
	for _, region := range world.Regions() {
		p.regions = append(p.regions, region.RegionID)
	}
	p.home = p.regions[0]
	p.tick = func(ctx context.Context) (int, error) { return advance(ctx, world, filepath.Join(dir, "tick")) }
	p.count = func() int { return questions(world) }
	store, err := p.openStore(filepath.Join(dir, "oss"))
	if err != nil {
		p.close()
		return nil, err
	}
	p.env = append(passed(environ, "SNAPSHOT_", "QUERY_", "LOG_LEVEL="),
		"OSS_ENDPOINT="+store, "OSS_BUCKET="+bucketName, "OSS_PREFIX="+prefix,
		"EHPC_ENDPOINT="+upstream.URL, "EHPC_REGIONS="+strings.Join(p.regions, ","))
	return p, nil
}

// advance brings the world to the tick after the last one in the file. The
// world depends on its tick alone, so this continues the history.
func advance(ctx context.Context, world *ehpctest.World, file string) (int, error) {
	tick := 0
	last, err := os.ReadFile(file)
	if err == nil {
		if tick, err = strconv.Atoi(strings.TrimSpace(string(last))); err == nil {
			tick++
		}
	} else if os.IsNotExist(err) {
		err = nil
	}
	if err != nil || tick < 0 {
		return 0, fmt.Errorf("reading the tick of the embedded E-HPC from %q: not a whole number; remove the file to begin anew", file)
	}
	for world.Now() < tick { // after weeks of runs this takes a while
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		world.AdvanceTo(min(tick, world.Now()+100))
	}
	// Renamed into place: a crash must not leave half a number.
	if err := os.WriteFile(file+".new", fmt.Appendln(nil, tick), 0o644); err != nil {
		return 0, fmt.Errorf("keeping the tick of the embedded E-HPC: %w", err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		return 0, fmt.Errorf("keeping the tick of the embedded E-HPC: %w", err)
	}
	return tick, nil
}

// questions counts what a full snapshot of the world asks: each region
// without a cluster, each cluster without an instance type and with its own.
func questions(world *ehpctest.World) int {
	n := len(world.Regions())
	for _, raw := range world.Clusters("") {
		n++
		if c, _, err := catalog.ParseCluster(raw, ""); err == nil {
			n += len(c.InstanceTypes)
		}
	}
	return n
}

// openStore serves a directory as an OSS bucket and returns its URL.
func (p *place) openStore(dir string) (string, error) {
	key := p.credentials
	store, err := osstest.New(osstest.Options{
		Dir: dir, Buckets: []string{bucketName},
		Keys: []osstest.Key{{ID: key.AccessKeyID, Secret: key.AccessKeySecret, Token: key.SecurityToken}},
	})
	if err != nil {
		return "", fmt.Errorf("starting the embedded OSS: %w", err)
	}
	server, err := ehpctest.Listen(store)
	if err != nil {
		return "", fmt.Errorf("starting the embedded OSS: %w", err)
	}
	p.done = append(p.done, func() { server.Close() })
	bucket, err := ossbucket.New(ossbucket.Options{
		Endpoint: server.URL, Bucket: bucketName,
		Credentials: func(context.Context) (ossbucket.Credentials, error) { return ossbucket.Credentials(key), nil },
	})
	if err != nil {
		return "", err
	}
	if p.keys, err = archive.NewKeys(prefix); err != nil {
		return "", err
	}
	p.archive = archive.New(bucket, p.keys)
	// The embedded OSS keeps each object as a file of its key's name.
	root := filepath.Join(dir, bucketName)
	p.where = filepath.Join(root, filepath.FromSlash(p.keys.Root()))
	p.show = func(key string) string { return "cat " + quoted(filepath.Join(root, filepath.FromSlash(key))) }
	return server.URL, nil
}

// quoted is a word of a shell's command line.
func quoted(path string) string { return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'" }
