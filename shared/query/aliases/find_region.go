package aliases

import (
	"context"
	"errors"

	"community-images/shared/archive"
	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// FindRegion returns the region of the alias that a request names: the one that the request
// names too, the only one, or the only one that has the alias at the moment that the request
// is about. Its errors are those of state.Resolver.FindRegionWith, and NewNotFoundError.
func (f *Finder) FindRegion(ctx context.Context, req *request.Request) (string, error) {
	r := f.Resolver
	return r.FindRegionWith(ctx, req, func(current state.Current) (bool, error) {
		st, err := r.StateAsOf(ctx, current, req.At)
		var early *archive.TooEarlyError
		var future *archive.FutureError
		switch {
		case errors.As(err, &early), errors.As(err, &future): // another region may have the moment
			return false, nil
		case err != nil:
			return false, err
		}
		_, ok := st.VisibleAliases().Find(req.AliasName)
		return ok, nil
	}, func() error {
		var states []*state.RegionState
		for _, region := range r.Regions {
			current, err := r.LoadCurrent(ctx, region)
			if err != nil {
				continue
			}
			if st, err := r.StateAsOf(ctx, current, req.At); err == nil {
				states = append(states, st)
			}
		}
		return NewNotFoundError(req.AliasName, r.Regions, states...)
	})
}
