package query_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"community-images/shared/alias"
	"community-images/shared/catalog"
)

// runWorlds does one run in each world, at the same time. Either both commit
// something inside the grant, or both commit something else, so commits have
// the same numbers and times.
func (p *isolationTest) runWorlds(paths []string, step int) {
	about, mine, gone := len(paths) > 0 && p.rand.IntN(3) > 0 && step > 4, maps.Clone(p.ownContent), []string(nil)
	if about {
		mine, gone = p.changeOwn(paths)
	}
	later := time.Duration(1+p.rand.IntN(60)) * time.Hour
	at := p.alone.Now.Add(later)
	apart, early, between := !about && !p.ended, p.rand.IntN(2) == 0, time.Duration(p.rand.IntN(1200))*time.Second
	p.changeAliases(step, about, apart)
	for _, w := range p.twins {
		w.Now = w.Now.Add(later)
		if apart {
			if early {
				p.runOthers(w, between)
			}
			p.runQuietly(w)
			if !early {
				p.runOthers(w, 30*time.Minute+between)
			}
			continue
		}
		ended := append(w.changeOthers(!about), gone...)
		found := content{}
		maps.Copy(found, w.otherContent)
		maps.Copy(found, mine)
		for _, path := range ended {
			delete(found, path)
		}
		w.lastSequence = w.CommitRun(hangzhou, found, ended...).Sequence
		if slices.Contains(w.regions, beijing) && w.rand.IntN(4) == 0 || step == 0 {
			w.CommitRun(beijing, w.otherContent)
		}
	}
	if p.twins[0].lastSequence != p.twins[1].lastSequence {
		p.t.Fatalf("step %d ends with commit %d in one world and %d in the other", step, p.twins[0].lastSequence,
			p.twins[1].lastSequence)
	}
	for _, path := range gone {
		delete(mine, path)
	}
	// The cluster of a scope that ends is out of the listing until the next run.
	p.ownContent, p.ended, p.alone.Now = mine, len(gone) > 0, at
	if apart {
		p.runQuietly(p.alone)
	} else {
		p.alone.CommitRun(hangzhou, mine, gone...)
	}
	for _, w := range append(p.twins[:], p.alone) {
		w.Now = w.Now.Add(59 * time.Minute) // by then everything above has been done
	}
}

// changeAliases changes the caller's aliases in a run that commits something inside the grant,
// and those of others in a run that commits something in each world.
func (p *isolationTest) changeAliases(step int, about, apart bool) {
	if apart {
		return
	}
	own := p.grant.Clusters[0]
	if about || p.ownAliases == nil {
		p.ownAliases = []alias.Definition{
			{Name: "mine", Lookup: "ClusterId=" + own + "&sort=-OsTag.Version", Description: fmt.Sprint("step ", step)},
			{Name: "mine-held", Lookup: "ClusterId=" + strings.Join(p.grant.Clusters, ","), Pin: &alias.Pin{
				ImageID: fmt.Sprintf("m-%02d", p.rand.IntN(6)), Reason: "r",
				Until: catalog.At(epoch.Add(time.Duration(p.rand.IntN(1500)) * time.Hour))}},
		}
	}
	p.alone.Aliases = alias.File{hangzhou: p.ownAliases}
	for _, w := range p.twins {
		hidden := []alias.Definition{
			{Name: "all-secret", Lookup: "ClusterId=*", Description: fmt.Sprint("Hidden ", w.rand.IntN(9))},
			{Name: "dated-secret", Lookup: "ClusterId=" + own + "&sort=-FirstSeen"},
			{Name: "wrong-secret", Lookup: "ClusterId=" + own + "&Secret=1"},
		}
		for i, name := range w.names {
			name = cmp.Or(name, "_any")
			hidden = append(hidden, alias.Definition{Name: fmt.Sprint("secret-", i), Lookup: "ClusterId=" + name},
				alias.Definition{Name: fmt.Sprint("mixed-secret-", i), Lookup: "ClusterId=" + own + "," + name})
		}
		w.Aliases = alias.File{hangzhou: append(hidden, p.ownAliases...)}
	}
}

// runOthers does a run that asks other clusters alone.
func (p *isolationTest) runOthers(w *twinWorld, later time.Duration) {
	now := w.Now
	w.Now = now.Add(later)
	w.lastSequence = w.CommitRun(hangzhou, w.otherContent, w.changeOthers(true)...).Sequence
	w.Now = now
}

// runQuietly does a run that asks the caller's clusters and finds nothing new.
func (p *isolationTest) runQuietly(w *twinWorld) {
	now := w.Now
	w.Now = now.Add(25 * time.Minute)
	w.lastSequence = w.CommitRun(hangzhou, p.ownContent).Sequence
	w.Now = now
}

// changeOwn changes something inside the grant.
func (p *isolationTest) changeOwn(paths []string) (mine content, gone []string) {
	mine = maps.Clone(p.ownContent)
	path := paths[p.rand.IntN(len(paths))]
	found, asked := mine[path]
	switch k := p.rand.IntN(10); {
	case k == 0 && found != nil:
		return mine, []string{path}
	case k == 1 && (found != nil || !asked):
		mine[path] = nil // the check fails
	default:
		mine[path] = randomImages(p.t, p.rand, fmt.Sprint("mine ", p.rand.IntN(40)))
	}
	for other, found := range mine { // no check fails for ever
		if found == nil && other != path {
			mine[other] = randomImages(p.t, p.rand, "back")
		}
	}
	return mine, nil
}

// changeOthers changes other clusters. With must it changes enough for a
// commit.
func (w *twinWorld) changeOthers(must bool) (ended []string) {
	if !must && w.rand.IntN(2) == 0 {
		return nil
	}
	w.nextUnique++
	for _, name := range w.names {
		if name == "" {
			name = "_any"
		}
		for _, typ := range []string{"_any", "ecs.c7.large", "ecs.secret"} {
			path := name + "/" + typ
			switch k := w.rand.IntN(12); {
			case k == 0 && w.otherContent[path] != nil:
				delete(w.otherContent, path)
				ended = append(ended, path)
			case k == 1:
				w.otherContent[path] = nil
			case k < 6 || len(w.otherContent) == 0:
				w.otherContent[path] = randomImages(w.T, w.rand, fmt.Sprint("secret ", w.nextUnique))
			}
		}
	}
	first := w.names[0] + "/_any"
	ended = slices.DeleteFunc(ended, func(path string) bool { return path == first })
	w.otherContent[first] = randomImages(w.T, w.rand, fmt.Sprint("secret ", w.nextUnique, " for sure"))
	return ended
}

// randomImages makes a list of images whose ids are the same in all worlds.
func randomImages(t testing.TB, r *rand.Rand, text string) []*catalog.Image {
	var objects []string
	for i := range 12 {
		if r.IntN(3) > 0 {
			objects = append(objects,
				fmt.Sprintf(
					`{"ImageId":"m-%02d","ImageName":"n%d","Description":%q,"Status":%q,"Size":%d,`+
						`"OsTag":{"Platform":"CentOS","Version":"7.%d"}}`,
					i, r.IntN(3), text, pick(r, []string{"Available", "Creating"}), 10*r.IntN(4), r.IntN(11)))
		}
	}
	if strings.HasPrefix(text, "secret") {
		objects = append(objects,
			fmt.Sprintf(`{"ImageId":"m-only-%x","ImageName":%q,"Status":"Secret","OsTag":{"Platform":"Hidden"}}`,
				r.Uint32(), text))
	}
	return parseImages(t, objects...)
}

// removeMonth removes a month of the log, as retention does. Old instances
// remember different parts of it, so new ones take over.
func (p *isolationTest) removeMonth(month string) {
	p.startInstances()
	p.retired = true
	for _, w := range p.twins {
		w.RemoveMonth(hangzhou, month)
	}
}
