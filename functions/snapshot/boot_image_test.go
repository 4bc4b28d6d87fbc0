package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"community-images/shared/ehpc/ehpctest"
)

// TestBootImageGone: a cluster boots from an image that it is offered without an
// instance type and with one. The image is gone once neither list has it, and the run
// that commits that says so, once.
func TestBootImageGone(t *testing.T) {
	t.Parallel()
	w := newEventFixture(t, nil)
	core, logs := observer.New(zap.WarnLevel)
	w.h.log = zap.New(core)
	// offer sets the two lists of the cluster.
	offer := func(untyped, typed string) {
		for instanceType, ids := range map[string]string{"": untyped, "ecs.a": typed} {
			var list []string
			for id := range strings.FieldsSeq(ids) {
				list = append(list, fmt.Sprintf(`{"ImageId":%q}`, id))
			}
			w.data.ImageLists[ehpctest.Question{RegionID: region, ClusterID: "ehpc-hz-1", InstanceType: instanceType}] =
				"[" + strings.Join(list, ",") + "]"
		}
	}
	setCluster := func(image, instanceType string) {
		w.data.ClusterLists[region][0] = json.RawMessage(fmt.Sprintf(
			`{"Id":"ehpc-hz-1","RegionId":%q,"ImageId":%q,"InstanceType":%q}`, region, image, instanceType))
	}
	setCluster("m-boot", "ecs.a")
	for _, step := range []struct {
		what   string
		change func()
		gone   string // the cluster and the image
	}{
		{"it is offered", func() { offer("m-boot m-2", "m-boot m-2") }, ""},
		{"nothing changes", func() {}, ""},
		{"one list loses it", func() { offer("m-2 m-3", "m-boot m-2") }, ""},
		{"the other one does, too", func() { offer("m-2 m-3", "m-2 m-4") }, "ehpc-hz-1 m-boot"},
		{"nothing changes again", func() {}, ""},
		{"another image goes", func() { offer("m-2 m-3", "m-4") }, ""},
		{"it is back", func() { offer("m-2 m-boot", "m-4 m-boot") }, ""},
		{"both lists lose it at once", func() { offer("m-2 m-3", "m-4 m-5") }, "ehpc-hz-1 m-boot"},
		{"the cluster boots from another one that it never had", func() { setCluster("m-system", "ecs.a") }, ""},
		{"the cluster boots from an image that one list has", func() { setCluster("m-3", "ecs.a") }, ""},
		{"only the list of its type has it", func() { offer("m-2 m-9", "m-3 m-5") }, ""},
		{"the type ends", func() { setCluster("m-3", "") }, "ehpc-hz-1 m-3"},
		{"the cluster goes with the image", func() { w.data.ClusterLists[region] = w.data.ClusterLists[region][1:] }, ""},
	} {
		step.change()
		report := w.sendEvent("{}")
		var gone []string
		for _, g := range report.Regions[0].GoneBootImages {
			gone = append(gone, g.ClusterID+" "+g.ImageID)
		}
		var logged []string
		for _, entry := range logs.TakeAll() {
			if f := entry.ContextMap(); entry.Message == "boot image gone" && f["region"] == region {
				logged = append(logged, fmt.Sprint(f["cluster"], " ", f["image"]))
			}
		}
		if got := strings.Join(gone, ","); got != step.gone || strings.Join(logged, ",") != step.gone {
			t.Errorf("%s: gone are %q, logged %q, want %q", step.what, got, logged, step.gone)
		}
	}
}
