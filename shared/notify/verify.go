package notify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"community-images/shared/archive"
	"community-images/shared/notify/status"
	"community-images/shared/notify/subscription"
)

// Verify checks notify.json, the status and the cursors that are stored. faults are what a run
// cannot use, notes what is harmless; each begins with a key. Nothing is stored for messages if
// subscriptions is -1. An error means that the bucket could not be read.
func Verify(
	ctx context.Context, bucket archive.Reader, keys archive.Keys, options subscription.Options,
) (faults, notes []string, subscriptions int, err error) {
	v := &verifier{bucket: bucket, keys: keys}
	if err := v.verifyFile(ctx, options); err != nil {
		return nil, nil, 0, err
	}
	if err := v.verifyStatus(ctx); err != nil {
		return nil, nil, 0, err
	}
	if err := v.verifyCursors(ctx); err != nil {
		return nil, nil, 0, err
	}
	subscriptions = len(v.names)
	if v.isMissing {
		subscriptions = -1
	}
	return v.faults, v.notes, subscriptions, nil
}

// verifier collects what is wrong.
type verifier struct {
	bucket        archive.Reader
	keys          archive.Keys
	names         []string // of the subscriptions
	isMissing     bool     // there is no notify.json
	isUnusable    bool     // the names are not known
	faults, notes []string
}

// get reads an object; nil: there is none.
func (v *verifier) get(ctx context.Context, key string) ([]byte, error) {
	data, _, err := v.bucket.Get(ctx, key, "")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading %q: %w", key, err)
	}
	return data, nil
}

// verifyFile checks notify.json.
func (v *verifier) verifyFile(ctx context.Context, options subscription.Options) error {
	key := v.keys.Notify()
	data, err := v.get(ctx, key)
	if err != nil || data == nil {
		v.isMissing = data == nil
		return err
	}
	list, err := subscription.Parse(data, options)
	if err != nil {
		v.isUnusable = true
		for fault := range strings.Lines(err.Error()) {
			v.faults = append(v.faults, key+": "+strings.TrimSpace(fault))
		}
	}
	for _, s := range list {
		v.names = append(v.names, s.Name)
	}
	return nil
}

// verifyStatus checks the status.
func (v *verifier) verifyStatus(ctx context.Context) error {
	data, err := v.get(ctx, v.keys.NotifyStatus())
	if err != nil || data == nil {
		return err
	}
	if _, err := status.Decode(data); err != nil {
		v.notes = append(v.notes, fmt.Sprintf("%s: %s; the next run writes it anew", v.keys.NotifyStatus(), err))
	}
	return nil
}

// verifyCursors checks the cursors.
func (v *verifier) verifyCursors(ctx context.Context) error {
	stored, err := v.bucket.List(ctx, v.keys.NotifyCursors())
	if err != nil {
		return fmt.Errorf("listing %q: %w", v.keys.NotifyCursors(), err)
	}
	for _, key := range stored {
		name, _ := strings.CutSuffix(strings.TrimPrefix(key, v.keys.NotifyCursors()), ".json")
		data, err := v.get(ctx, key)
		if err != nil {
			return err
		}
		if data == nil { // a run has removed it
			continue
		}
		if _, err := decodeCursor(name, data); err != nil {
			v.faults = append(v.faults, fmt.Sprintf("%s: %s; the next run begins anew", key, err))
		} else if !v.isUnusable && !slices.Contains(v.names, name) {
			v.notes = append(v.notes, key+": there is no such subscription; a run removes it")
		}
	}
	return nil
}
