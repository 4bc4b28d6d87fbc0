// Package notify tells receivers what happened: images that are new, gone or changed, clusters
// that lost the image that they boot from, aliases that moved, and regions in which E-HPC fails.
//
// The commit log is the outbox. Each subscription has a cursor: an object with the last commit
// of each region that its receiver was told of, or that had nothing for it. The cursor moves
// after a delivery, so every commit is told at least once, with an id that is the same on every
// try. A receiver that is down delays nobody else.
//
// After its commits, a run of the snapshot function calls Notifier.Run, which goes one way:
//
//   - load.go reads notify.json (package subscription) and the cursors.
//   - plan.go goes through the commits after each cursor. Package changes says what a commit did,
//     as far as the filter of the subscription wants to know, and package message writes it.
//     flaps.go takes out images that come and go all the time.
//   - outages.go plans messages about regions in which E-HPC fails, and summary.go one message
//     of all that a receiver has missed while it was down.
//   - deliver.go sends the messages (package receiver) and stores the cursor after each.
//   - load.go stores how the subscriptions stand (package status). The query function shows it,
//     and reads nothing else from here.
//
// What is added where, besides README.md, notify.schema.json and tests:
//
//   - a kind of receiver: a constant and kinds in subscription/subscription.go, which also says
//     whether it has a secret; protocols in receiver/protocol.go; in notifytest a receiver that
//     checks the requests with code of its own; and the description of Kind in
//     query/render/wire_status.go
//   - a kind of event: a constant and events in subscription/filter.go; a list in
//     changes.Changes, which Span.Compare fills; its list, count and line in message
//   - a parameter of filters: that of lookups in request/subscription.go of package query, one
//     of subscriptions alone in subscription/parse_filter.go
//   - a text: both languages in message/text.go
//
// README.md describes notify.json, the receivers and the messages.
package notify
