package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"community-images/shared/capture"
	"community-images/shared/catalog"
	"community-images/shared/ehpc"
)

// upstream lets a run ask E-HPC: one client a region, for each may have an
// endpoint of its own.
type upstream map[string]*ehpc.Client

// Images implements capture.Upstream.
func (u upstream) Images(ctx context.Context, scope catalog.Scope) (capture.Answer, error) {
	answer, err := u[scope.RegionID].ListCommunityImages(ctx, ehpc.ImagesRequest{
		RegionID: scope.RegionID, ClusterID: scope.ClusterID, InstanceType: scope.InstanceType,
	})
	if err != nil {
		return capture.Answer{}, asFault(err)
	}
	return capture.Answer{
		RequestID:   answer.RequestID,
		Fingerprint: answer.Fingerprint,
		Decode: func(in *catalog.Interner) ([]*catalog.Image, error) {
			images, err := answer.Images(in)
			return images, asFault(err)
		},
	}, nil
}

// Clusters implements capture.Upstream.
func (u upstream) Clusters(ctx context.Context, region string, call capture.Call) ([]capture.Cluster, error) {
	listing, err := u[region].ListClusters(ctx, region, func(ctx context.Context, ask func(context.Context) error) error {
		return call(ctx, func(ctx context.Context) error { return asFault(ask(ctx)) })
	})
	if err != nil {
		return nil, asFault(err)
	}
	var clusters []capture.Cluster
	problems := map[string][]string{} // of the clusters that can be used otherwise
	for _, problem := range listing.Problems {
		text := fmt.Sprintf("cluster %q: %s", problem.ClusterID, problem.Reason)
		if problem.ClusterID == "" {
			clusters = append(clusters, capture.Cluster{Problem: text})
			continue
		}
		problems[problem.ClusterID] = append(problems[problem.ClusterID], text)
	}
	for _, entry := range listing.Clusters {
		clusters = append(clusters, capture.Cluster{
			Cluster: entry.Cluster, Raw: json.RawMessage(entry.Raw), Problem: strings.Join(problems[entry.ClusterID], "; "),
		})
	}
	return clusters, nil
}

// asFault translates an error of the client into what a run decides by. What
// is not upstream's answer stays as it is.
func asFault(err error) error {
	var e *ehpc.Error
	if !errors.As(err, &e) || e.Class == ehpc.Canceled {
		return err
	}
	return &capture.Fault{
		Class: string(e.Class), Code: e.Code, Message: e.Reason(), RequestID: e.RequestID,
		Retry:     e.Class == ehpc.Throttled || e.Class == ehpc.Temporary || e.Class == ehpc.Malformed,
		Throttled: e.Class == ehpc.Throttled, RetryAfter: e.RetryAfter, Everyone: e.CredentialsRefused(),
	}
}
