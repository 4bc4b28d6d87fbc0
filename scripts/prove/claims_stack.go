package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"community-images/scripts/deploy/ros"
	"community-images/shared/capture"
)

// rosSource is where the vendor describes stacks and their resources.
const rosSource = "ROS, resource types and stack operations"

// creationClaims are about the creation of the stack. They create it.
func (p *prover) creationClaims() []claim {
	return []claim{{
		// No model of the vendor covers the whole template. Here ROS itself reads it.
		id: "stack/preview", text: "ROS accepts template.yaml", source: rosSource, try: "PreviewStack",
		check: func(ctx context.Context) (string, bool, error) {
			changes, err := p.ros.Preview(ctx, "", p.newSpec(p.code.probe, nil))
			if err != nil {
				return err.Error(), false, nil
			}
			return fmt.Sprintf("%d resources would be created", len(changes)), len(changes) > 0, nil
		},
	}, {
		// Everything after this claim needs the stack. Its outputs are those that scripts/deploy prints.
		id: "stack/create", text: "the stack is created, and has the URL of the lookups as an output",
		source: rosSource, try: "CreateStack, then GetStack until it ends",
		check: func(ctx context.Context) (string, bool, error) {
			begun := time.Now()
			stack, err := p.createStack(ctx)
			if err != nil {
				return err.Error(), false, nil
			}
			return fmt.Sprintf("%s after %s, %d outputs", stack.Status, time.Since(begun).Round(time.Second),
				len(stack.Outputs)), p.url != "", nil
		},
	}}
}

// group is a list of claims that need one authentication of the HTTP trigger.
type group struct {
	auth   string // value of HttpAuth
	claims []claim
}

// deployedClaims are the claims that need the deployment, in the order in which
// they are tried.
func (p *prover) deployedClaims() []group {
	// Groups with one authentication stand together: each change is an update of the
	// stack, which takes half a minute. The last group replaces the probe.
	return []group{
		{"function", p.signedClaims()},
		{"function", p.roleClaims()},
		{"function", p.runtimeClaims()},
		{"function", p.timerClaims()},
		{"anonymous", p.requestClaims()},
		{"anonymous", p.responseClaims()},
		{"bearer", p.bearerClaims()},
		{"jwt", p.jwtClaims()},
		{"function", p.productClaims()},
	}
}

// setAuth gives the HTTP trigger another authentication, unless it has this one.
func (p *prover) setAuth(ctx context.Context, auth string) error {
	if auth == p.auth {
		return nil
	}
	// Parameters that are not named here keep the values of newSpec.
	parameters := ros.Parameters{"HttpAuth": auth}
	switch auth {
	case "jwt":
		parameters["HttpAuthConfig"] = p.jwt.config()
	case "bearer":
		parameters["HttpAuthConfig"] = fmt.Sprintf(`{"tokens":[{"tokenName":"prove","tokenData":%q,"enable":true}]}`, p.token)
	}
	if _, err := p.updateStack(ctx, p.newSpec(p.code.probe, parameters)); err != nil {
		return fmt.Errorf("the stack could not be updated to HttpAuth %s: %w", auth, err)
	}
	p.auth = auth
	return nil
}

// productClaims put the functions in place of the probe, and use them.
func (p *prover) productClaims() []claim {
	return []claim{{
		// scripts/deploy counts on it: an object name with a new hash is how ROS sees new code, and callers keep the
		// address.
		id: "stack/update", text: "an update replaces the code of both functions and keeps the URL",
		source: rosSource, try: "UpdateStack with the code of the functions and without a payload",
		check: func(ctx context.Context) (string, bool, error) {
			stack, err := p.updateStack(ctx, p.newSpec(p.code.functions, ros.Parameters{"Payload": ""}))
			if err != nil {
				return err.Error(), false, nil
			}
			// The output has the URL with or without a slash at the end.
			same := false
			for _, o := range stack.Outputs {
				text, _ := o.Value.(string)
				same = same || o.Name == "Url" && text != "" && text+"/" == p.url+"/" || text == p.url+"/"
			}
			return fmt.Sprintf("%s, the same URL: %t", stack.Status, same), same, nil
		},
	}, {
		// scripts/deploy runs again after every interruption. Then nothing may change, and this answer must not be
		// taken for a failure.
		id: "stack/unchanged", text: "an update that changes nothing is refused as such",
		source: rosSource, try: "UpdateStack with the same template and parameters",
		check: func(ctx context.Context) (string, bool, error) {
			err := p.ros.Update(ctx, p.stackID, p.newSpec(p.code.functions, ros.Parameters{"Payload": ""}))
			return fmt.Sprint(err), errors.Is(err, ros.ErrUnchanged), nil
		},
	}, {
		// The first run of the real code with the real roles, against the real E-HPC.
		id: "product/snapshot", text: "the snapshot function captures the region", source: "this project",
		try: "a direct invocation", check: p.takeSnapshot,
	}, {
		// A lookup as a caller with a signature sends it.
		id: "product/lookup", text: "the query function answers from the snapshot", source: "this project",
		try: "GET /v1/images?ClusterId=*&limit=1 with a signature", check: p.lookUp,
	}}
}

// takeSnapshot invokes the snapshot function.
func (p *prover) takeSnapshot(ctx context.Context) (string, bool, error) {
	var report capture.Report
	begun := time.Now()
	if err := p.invoke(ctx, "snapshot", []byte("{}"), &report); err != nil {
		return err.Error(), false, nil
	}
	for _, r := range report.Regions {
		return fmt.Sprintf("commit %d, %d clusters, %d images, %d of %d scopes failed, in %s; %s", r.Sequence, r.Clusters,
			r.Images, r.Counts.Failed, r.Counts.Planned, time.Since(begun).Round(time.Second), r.Error), r.Error == "", nil
	}
	return "the report has no region", false, nil
}

// lookUp asks for an image.
func (p *prover) lookUp(ctx context.Context) (string, bool, error) {
	var answer struct{ TotalCount int }
	begun := time.Now()
	response, err := p.send(ctx, request{target: "/v1/images?ClusterId=*&limit=1"})
	if err != nil {
		return "", false, err
	}
	if err := decodeReply(response, &answer); err != nil {
		return err.Error(), false, nil
	}
	return fmt.Sprintf("%d images in all, after %s", answer.TotalCount, time.Since(begun).Round(time.Millisecond)), true,
		nil
}

// removalClaims are about the removal of the stack. They remove all that was made.
func (p *prover) removalClaims() []claim {
	return []claim{{
		// The bucket has a deletion policy in the template, because its content cannot be captured again. It is
		// deleted afterwards, by its name.
		id: "stack/delete", text: "the stack is deleted, and its bucket stays", source: rosSource,
		try: "DeleteStack, then a look at the bucket", check: p.deleteAll,
	}}
}

// deleteAll deletes the stack, looks for its bucket, and deletes both buckets.
func (p *prover) deleteAll(ctx context.Context) (seen string, holds bool, err error) {
	stackErr := p.findStack(ctx) // an interrupted creation may have left one without an id
	// ROS would refuse to delete a bucket with objects, and the template keeps it.
	bucketStays := false
	if stackErr == nil && p.stackID != "" {
		if stackErr = p.removeStack(ctx); stackErr == nil {
			bucketStays, err = p.data.Exists(ctx)
		}
	}
	bucketErr := errors.Join(p.removeBucket(ctx, p.data), p.removeBucket(ctx, p.codeIn))
	// The caller names what to do about the rest.
	p.left = stackErr != nil || bucketErr != nil
	switch {
	case stackErr != nil || bucketErr != nil:
		return fmt.Sprint("something could not be removed: ", errors.Join(stackErr, bucketErr)), false, nil
	case p.url == "":
		return "", false, errNotTried(errNoDeployment.Error() + "; what was made is removed")
	}
	return fmt.Sprintf("the stack is gone, the bucket stays: %t", bucketStays), bucketStays, err
}
