package main

import (
	"context"
	"io"
	"strings"

	"community-images/shared/archive"
	"community-images/shared/fcrun/fctest"
)

// place is what the functions work against: embedded endpoints or the cloud.
type place struct {
	home        string // FC_REGION of the functions
	regions     []string
	credentials fctest.Credentials
	env         []string // of the functions
	archive     *archive.Archive
	keys        archive.Keys

	tick  func(context.Context) (int, error) // lets the world move on before a snapshot; nil: it does so itself
	count func() int                         // questions that a full snapshot asks; nil: not known
	meter *meter
	show  func(string) string // a command that prints the object with this key
	where string              // the bucket, for a person
	done  []func()            // what close calls, last first
}

// placeFor makes the place that the flags ask for.
func placeFor(o options, d *data, environ []string, out io.Writer) (*place, error) {
	if o.cloud {
		return cloud(environ, newMeter(out))
	}
	return embedded(d.dir, environ, newMeter(out))
}

func (p *place) close() {
	for i := len(p.done) - 1; i >= 0; i-- {
		p.done[i]()
	}
}

// passed picks the variables whose names begin with one of the given texts.
func passed(environ []string, beginnings ...string) []string {
	var picked []string
	for _, line := range environ {
		for _, b := range beginnings {
			if strings.HasPrefix(line, b) {
				picked = append(picked, line)
				break
			}
		}
	}
	return picked
}
