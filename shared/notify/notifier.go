package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"community-images/shared/archive"
	"community-images/shared/catalog"
	"community-images/shared/notify/changes"
	"community-images/shared/notify/message"
	"community-images/shared/notify/status"
	"community-images/shared/notify/subscription"
)

// Settings say how receivers are told.
type Settings struct {
	// PublicURL is the address of the lookups, without a slash at its end. Empty: messages have
	// no links.
	PublicURL string
	// AllowPrivate allows receivers at addresses that are not public.
	AllowPrivate bool
}

// Sender posts a message to a receiver. receiver.Client is one.
type Sender interface {
	Send(ctx context.Context, s *subscription.Subscription, m *message.Message) error
}

// Notifier tells receivers what happened. It is safe for concurrent use.
type Notifier struct {
	settings Settings
	archive  *archive.Archive
	bucket   archive.Sweeper
	keys     archive.Keys
	sender   Sender
	now      func() time.Time
	// moves finds the aliases that a commit moved; nil: there are no aliases.
	moves changes.AliasMoves

	mu   sync.Mutex // guards file
	file file       // as it was read last
}

// New returns a Notifier for the archive below some keys.
func New(s Settings, bucket archive.Sweeper, keys archive.Keys, sender Sender, now func() time.Time) *Notifier {
	return &Notifier{
		settings: s, archive: archive.New(bucket, keys), bucket: bucket, keys: keys, sender: sender, now: now,
	}
}

// WithAliases sets what finds the aliases that a commit moved. It must be called before Run.
func (n *Notifier) WithAliases(moves changes.AliasMoves) *Notifier {
	n.moves = moves
	return n
}

// Report is what a run did for the subscriptions.
type Report struct {
	// Problem says why the subscriptions could not be used. It names every fault of notify.json.
	Problem string `json:"Problem,omitempty"`
	// Subscriptions are in the order of the file.
	Subscriptions []SubscriptionReport `json:"Subscriptions,omitempty"`
}

// SubscriptionReport is what a run did for one subscription.
type SubscriptionReport struct {
	Name string `json:"Name"`
	// Sent is the number of messages that the receiver took.
	Sent int `json:"Sent"`
	// Pending is the number of commits that it has not been told of.
	Pending int64 `json:"Pending"`
	// Problem says why a message could not be delivered, or the cursor not be stored.
	Problem string `json:"Problem,omitempty"`
}

const (
	// maxNotifyTime bounds the deliveries of a run.
	maxNotifyTime = 20 * time.Second
	// reserve is the time that is kept before the deadline, to store cursors and to report.
	reserve = 3 * time.Second
	// minNotifyTime is what deliveries need at least. With less time left, the next run
	// delivers.
	minNotifyTime = 2 * time.Second
)

// Run tells the receivers what they do not know yet. states are the regions after the commits of
// a run. With tidy it also removes what is left of a notify.json that is gone, which takes
// requests and need not be done in each run. The report is nil if there is no notify.json. Run
// ends before the deadline of ctx.
func (n *Notifier) Run(ctx context.Context, states []*archive.Region, tidy bool) *Report {
	left := maxNotifyTime
	if deadline, ok := ctx.Deadline(); ok {
		left = min(left, time.Until(deadline)-reserve)
	}
	if left < minNotifyTime {
		return nil
	}
	deliver, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	f, err := n.readFile(deliver)
	switch {
	case err != nil:
		return &Report{Problem: err.Error()}
	case f.isMissing:
		return n.removeAll(ctx, tidy)
	}
	r := &run{Notifier: n, states: states, file: f}
	if err := r.load(deliver); err != nil {
		return &Report{Problem: err.Error()}
	}
	if f.err == nil {
		r.plan(deliver)
		r.deliver(deliver, ctx)
	}
	r.storeStatus(ctx)
	return r.report()
}

// run is one call of Run.
type run struct {
	*Notifier
	states []*archive.Region
	file   file
	// stored is the status as it was before; nil: there was none.
	stored     *status.Status
	deliveries []*delivery
	problem    string // of the run, not of a subscription
}

// delivery is what a run does for one subscription.
type delivery struct {
	*subscription.Subscription
	cursor *cursor
	// isWaiting says that the next try is not due yet.
	isWaiting bool
	outbox    []step
	// plannedFlaps has the flaps that the outbox will store in the cursor, by RegionId and ImageId.
	// Regions that it does not change are missing.
	plannedFlaps map[string]map[string]flap
	isDirty      bool // the cursor has to be stored
	problem      string
	sent         int
	pending      int64
}

// step moves a cursor, after a message is delivered if it has one.
type step struct {
	// message is nil if there is nothing to tell.
	message *message.Message
	// move moves the cursor once the message is delivered.
	move func(*cursor)
}

// add adds a step. A step without a message joins the one before.
func (d *delivery) add(m *message.Message, move func(*cursor)) {
	last := len(d.outbox) - 1
	if m != nil || last < 0 || d.outbox[last].message != nil {
		d.outbox = append(d.outbox, step{m, move})
		return
	}
	before := d.outbox[last].move
	d.outbox[last].move = func(c *cursor) { before(c); move(c) }
}

// messages counts the messages of the outbox.
func (d *delivery) messages() (count int) {
	for _, o := range d.outbox {
		if o.message != nil {
			count++
		}
	}
	return count
}

// newID returns the id of a message: the same for every try, and another one for every message
// and subscription.
func newID(parts ...any) string {
	sum := sha256.Sum256([]byte(fmt.Sprintf("%q", parts)))
	return "msg_" + hex.EncodeToString(sum[:16])
}

// report returns what the run did.
func (r *run) report() *Report {
	report := &Report{Problem: r.problem}
	if r.file.err != nil {
		report.Problem = r.file.err.Error()
	}
	for _, d := range r.deliveries {
		report.Subscriptions = append(report.Subscriptions, SubscriptionReport{d.Name, d.sent, d.pending, d.reason()})
	}
	return report
}

// reason says why something is not delivered; empty: everything is.
func (d *delivery) reason() string {
	if d.problem == "" && d.cursor.Failing != nil {
		return d.cursor.Failing.Problem
	}
	return d.problem
}

// timeOrNil returns nil for the zero time.
func timeOrNil(t catalog.Time) *catalog.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
