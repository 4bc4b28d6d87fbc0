// Package notify tells receivers what happened: images that are new, gone or changed, clusters
// that lost the image that they boot from, and regions in which E-HPC fails.
//
// The commit log is the outbox. Each subscription has a cursor, an object of its own, which
// moves after a delivery: so every commit is told at least once, with an id that is the same
// on every try. A receiver that is down delays nobody else. Run goes one way: read the
// subscriptions and cursors (load.go), compare (plan.go, summary.go, outages.go, flaps.go),
// deliver (deliver.go), and store how the subscriptions stand.
//
// README.md describes notify.json, the receivers and the messages.
package notify
