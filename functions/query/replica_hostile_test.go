package main

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"
)

// TestHostileRequestsToTheReplica sends what nobody with good intentions would
// to one binary that answers everybody and to one that asks for keys.
func TestHostileRequestsToTheReplica(t *testing.T) {
	t.Parallel()
	c := newTestRegion(t, tiny)
	// Mostly refused for the signature, which comes first.
	for name, env := range map[string][]string{"open": nil, "closed": {accessKeys()}} {
		q := c.startFunction(t, buildQuery(t), append(env, "LOG_LEVEL=error")...)
		counts, used, tried := map[int]int{}, time.Duration(0), 0
		process, _ := q.Process()
		before := cpuTime(process)
		for i, b := range replicaHostileCorpus() {
			r, err := q.Invoke(t.Context(), b.event())
			if err != nil || r.Error != nil {
				t.Fatalf("%s, %d: %.500q: %v, %v", name, i, b.event(), err, r.Error)
			}
			status, err := checkHostile(r.Payload)
			if err != nil && status != 401 {
				t.Errorf("%s, %d: %.500q: %v", name, i, b.event(), err)
			}
			if env != nil && status == 200 {
				t.Errorf("%s, %d: %.500q is answered", name, i, b.event())
			}
			counts[status]++
			tried++
		}
		if used = cpuTime(process) - before; used > time.Duration(tried)*maxCPU {
			t.Errorf("%d requests used %s of processor time", tried, used)
		}
		if last, _ := q.Process(); last.Pid != process.Pid {
			t.Error("the process has ended")
		}
		t.Logf("%s: %d requests, by status %v", name, tried, counts)
	}
}

// replicaHostileCorpus puts every nasty value into every place that the replica reads.
func replicaHostileCorpus() (all []hostileRequest) {
	ask := map[string]string{"Action": "ListCommunityImages", "Version": "2018-04-12"}
	with := func(name, value string) map[string]string {
		query := maps.Clone(ask)
		query[name] = value
		return query
	}
	signed := map[string]string{"AccessKeyId": fullKey.id, "Signature": "x", "SignatureMethod": "HMAC-SHA1",
		"SignatureVersion": "1.0", "SignatureNonce": "n", "Timestamp": time.Now().UTC().Format("2006-01-02T15:04:05Z")}
	for _, value := range nasty {
		for _, name := range []string{"Action", "Version", "ClusterId", "InstanceType", "RegionId", "BaseOsTag",
			"Format", "at", "SecurityToken", "", "\x00"} {
			all = append(all, hostileRequest{method: "GET", path: "/", query: with(name, value)})
		}
		for name := range signed {
			query := with(name, value)
			for other, fit := range signed {
				if other != name {
					query[other] = fit
				}
			}
			all = append(all, hostileRequest{method: "GET", path: "/at/1/", query: query})
		}
		for _, name := range []string{"PageNumber", "PageSize"} {
			all = append(all, hostileRequest{method: "GET", path: "/",
				query: map[string]string{"Action": "ListClusters", "Version": "2018-04-12", "Format": "XML",
					name: value}})
		}
		for _, name := range []string{"x-acs-action", "x-acs-version", "x-acs-date", "x-acs-security-token",
			"Content-Type"} {
			header := map[string]string{"x-acs-action": "ListClusters", "x-acs-version": "2018-04-12",
				"Authorization": "ACS3-HMAC-SHA256 Credential=" + fullKey.id + ",SignedHeaders=host,Signature=00"}
			header[name] = value
			all = append(all, hostileRequest{method: "POST", path: "/", header: header, body: value})
		}
		all = append(all,
			hostileRequest{method: "GET", path: "/", query: ask, header: map[string]string{"Authorization": value}},
			hostileRequest{method: "GET", path: "/", query: ask,
				header: map[string]string{"Authorization": "Bearer " + value}},
			hostileRequest{method: "GET", path: "/", query: ask,
				header: map[string]string{"Authorization": "ACS3-HMAC-SHA256 " + value}},
			hostileRequest{method: "GET", path: "/at/" + value, query: ask},
			hostileRequest{method: "GET", path: "/at/" + value + "/" + value, query: ask},
			hostileRequest{method: "GET", path: "/at/1/" + region + "/" + value, query: ask},
			hostileRequest{method: value, path: "/at/1/", query: ask},
			hostileRequest{method: "POST", path: "/", body: "Action=ListClusters&Version=2018-04-12&" + value,
				header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}})
	}
	return append(all, hostileRequest{method: "POST", path: "/", body: strings.Repeat("a=1&", 50_000),
		header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}},
		hostileRequest{method: "GET", path: "/", query: with("Format", fmt.Sprint("XML", strings.Repeat(" ", 3000)))})
}
