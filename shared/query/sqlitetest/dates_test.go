package sqlitetest

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"community-images/shared/archive/archivetest"
	"community-images/shared/query/querytest"
)

// dateFields are the derived fields. They compare as times.
var dateFields = []string{"FirstSeen", "ChangedAt"}

// scopeImages says which scope (cluster, type) offers which images, by their places.
type scopeImages map[[2]string][]int

// commitTime returns the time of a commit of a generated catalog, by its number.
func commitTime(number int) time.Time {
	return archivetest.Epoch.Add(time.Duration(number-1) * time.Hour)
}

// askedAfter is how long after the last commit the questions are asked.
const askedAfter = 30 * time.Minute

// generateEarlier makes what up to three commits before the last one found. Half of the
// images come later than the first commit, and some scopes do.
func generateEarlier(r *rand.Rand, o generatedCatalog) (earlier []scopeImages) {
	commits := 1 + r.IntN(4)
	comes := func() int { return max(0, r.IntN(2*commits)-commits) }
	imageComes := make([]int, len(o.images))
	for i := range imageComes {
		imageComes[i] = comes()
	}
	scopeComes := map[[2]string]int{}
	for _, scope := range o.scopesInOrder() {
		scopeComes[scope] = comes()
	}
	for k := range commits - 1 {
		state := scopeImages{}
		for _, scope := range o.scopesInOrder() {
			if scopeComes[scope] > k {
				continue
			}
			has, share := []int{}, 20+r.IntN(80)
			for i := range o.images {
				if imageComes[i] <= k && querytest.Chance(r, share) {
					has = append(has, i)
				}
			}
			state[scope] = has
		}
		earlier = append(earlier, state)
	}
	return earlier
}

// scopesInOrder lists the scopes of the catalog.
func (o generatedCatalog) scopesInOrder() (scopes [][2]string) {
	for _, cluster := range clusterNames {
		for _, typ := range typeNames {
			if _, ok := o.scopes[[2]string{cluster, typ}]; ok {
				scopes = append(scopes, [2]string{cluster, typ})
			}
		}
	}
	return scopes
}

// states lists what the scopes offered after each commit.
func (o generatedCatalog) states() []scopeImages {
	return append(o.earlier[:len(o.earlier):len(o.earlier)], o.scopes)
}

// commit commits the states of the catalog one after the other.
func (o generatedCatalog) commit(t *testing.T, w *querytest.Fixture) {
	t.Helper()
	for i, state := range o.states() {
		found, err := o.toContent(state)
		if err != nil {
			t.Fatal(err)
		}
		w.Now = commitTime(i + 1)
		w.CommitRun(archivetest.Hangzhou, found)
	}
	w.Now = w.Now.Add(askedAfter)
}

// addDates adds the columns FirstSeen and ChangedAt to the table of images. kept has what
// each commit offered. An image is changed by a commit if a scope has other contents of its
// id than before. Nobody knows since when the images of the first commit were there.
func (t database) addDates() error {
	for _, statement := range []string{
		"CREATE TABLE kept (number INTEGER, at TEXT, cluster TEXT, type TEXT, n INTEGER)",
		`ALTER TABLE image ADD COLUMN "FirstSeen" TEXT`, `ALTER TABLE image ADD COLUMN "ChangedAt" TEXT`,
	} {
		if _, err := t.Exec(statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	if t.catalog.earlier == nil { // the first commit, of which nothing is known
		return nil
	}
	for i, state := range t.catalog.states() {
		for scope, has := range state {
			for _, n := range has {
				if _, err := t.Exec("INSERT INTO kept VALUES (?, ?, ?, ?, ?)", i+1, formatInstant(commitTime(i+1)), scope[0],
					scope[1], n); err != nil {
					return err
				}
			}
		}
	}
	_, err := t.Exec(`CREATE TABLE content AS
 SELECT number, at, cluster, type, "ImageId" AS id, group_concat(n, ',' ORDER BY n) AS contents
 FROM kept JOIN image USING (n) GROUP BY number, cluster, type, id;
CREATE TABLE dated AS
 SELECT id, CASE WHEN min(number) > 1 THEN min(at) END AS first,
  (SELECT max(after.at) FROM content AS after JOIN content AS before USING (cluster, type, id)
   WHERE before.number = after.number - 1 AND before.contents <> after.contents AND id = content.id) AS changed
 FROM content GROUP BY id;
UPDATE image SET "FirstSeen" = (SELECT first FROM dated WHERE id = "ImageId"),
 "ChangedAt" = (SELECT coalesce(changed, first) FROM dated WHERE id = "ImageId")`)
	return err
}

// formatInstant returns a time as answers have it. Such texts compare as the times do.
func formatInstant(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }

// generateDateCondition makes a condition on a date that can match.
func generateDateCondition(r *rand.Rand, o generatedCatalog) condition {
	c := condition{field: querytest.Pick(r, dateFields), op: querytest.Pick(r, []string{"", "eq", "ne", "gt", "gte", "lt",
		"lte", "gte", "lt"})}
	count := 1
	if c.op == "" || c.op == "eq" || c.op == "ne" {
		count += r.IntN(3)
	}
	for range count {
		c.values = append(c.values, generateInstant(r, len(o.earlier)+1))
	}
	return c
}

// generateInstant returns a time near a commit, in one of the spellings of the contract.
func generateInstant(r *rand.Rand, commits int) string {
	number := 1 + r.IntN(commits)
	at := commitTime(number).Add(querytest.Pick(r, []time.Duration{0, 0, 0, time.Second, -time.Second, time.Minute}))
	switch r.IntN(7) {
	case 0:
		return at.In(time.FixedZone("", 8*3600)).Format(time.RFC3339)
	case 1:
		return strconv.FormatInt(at.Unix(), 10)
	case 2:
		return strconv.FormatInt(at.UnixMilli(), 10)
	case 3: // before now
		return fmt.Sprintf("-%ds", int(commitTime(commits).Add(askedAfter).Sub(at).Seconds()))
	case 4:
		return at.Format(time.DateOnly)
	}
	return at.Format(time.RFC3339)
}

// parseInstant reads what generateInstant writes, for a catalog with a number of commits.
func parseInstant(s string, commits int) string {
	if before, ok := strings.CutPrefix(s, "-"); ok {
		d, _ := time.ParseDuration(before)
		return formatInstant(commitTime(commits).Add(askedAfter - d))
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		if n > 1e11 {
			return formatInstant(time.UnixMilli(n))
		}
		return formatInstant(time.Unix(n, 0))
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, s); err == nil {
			return formatInstant(at)
		}
	}
	return "not a time: " + s
}
