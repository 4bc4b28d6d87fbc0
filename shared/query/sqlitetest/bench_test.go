package sqlitetest

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"syscall"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/archivetest"
	"community-images/shared/catalog"
	"community-images/shared/query"
	"community-images/shared/query/querytest"
)

// comparedLookup is one lookup in both engines. Each call has another maxAge, so that
// the handler cannot answer from its cache of answers.
type comparedLookup struct {
	name   string
	target func(i int) string
	sql    string
	args   func(i int) []any
}

const clusterOf, imageOf = "ehpc-hz-%08d", "m-bp1%016d"

// The statements return what the handler returns: objects in order, their number,
// and over several clusters the clusters that offer them.
var comparedLookups = []comparedLookup{
	{"filter", func(i int) string {
		return fmt.Sprintf("/v1/images?ClusterId="+clusterOf+
			"&OsTag.Platform=CentOS&Status=Available&sort=-OsTag.Version&limit=10", i%200)
	}, `SELECT doc, '', count(*) OVER ()
		FROM offer JOIN image USING (n)
		WHERE cluster = ? AND type = '' AND "OsTag.Platform" = 'CentOS' AND Status = 'Available'
		ORDER BY vk DESC NULLS LAST, ImageId LIMIT 10`,
		func(i int) []any { return []any{fmt.Sprintf(clusterOf, i%200)} }},
	{"page", func(i int) string {
		return fmt.Sprintf("/v1/images?ClusterId="+clusterOf+"&sort=ImageName&limit=50", i%200)
	}, `SELECT doc, '', count(*) OVER ()
		FROM offer JOIN image USING (n)
		WHERE cluster = ? AND type = ''
		ORDER BY ImageName NULLS LAST, ImageId LIMIT 50`,
		func(i int) []any { return []any{fmt.Sprintf(clusterOf, i%200)} }},
	{"list", func(i int) string {
		return fmt.Sprintf("/v1/images?ClusterId="+clusterOf+"&limit=1000", i%200)
	}, `SELECT doc, '', count(*) OVER ()
		FROM offer JOIN image USING (n)
		WHERE cluster = ? AND type = ''
		ORDER BY ImageId`,
		func(i int) []any { return []any{fmt.Sprintf(clusterOf, i%200)} }},
	{"id", func(i int) string {
		return fmt.Sprintf("/v1/images?ClusterId=*&ImageId="+imageOf+"", i%2000)
	}, `SELECT doc, group_concat(cluster), count(*) OVER ()
		FROM image JOIN offer USING (n)
		WHERE ImageId = ?
		AND cluster <> '' AND type = ''
		GROUP BY n`,
		func(i int) []any { return []any{fmt.Sprintf(imageOf, i%2000)} }},
	{"image", func(i int) string {
		return fmt.Sprintf("/v1/images/"+imageOf+"?RegionId=cn-hangzhou", i%2000)
	}, `SELECT doc, group_concat(cluster) || (SELECT min(at)
		FROM event WHERE event.id = ImageId) || max(checked), count(*) OVER ()
		FROM image JOIN offer USING (n) JOIN scope USING (cluster, type)
		WHERE ImageId = ?
		GROUP BY n`,
		func(i int) []any { return []any{fmt.Sprintf(imageOf, i%2000)} }},
	{"text", func(i int) string {
		return fmt.Sprintf("/v1/images?ClusterId=*&q=ubuntu+release+%d", i%2000)
	}, `SELECT doc, group_concat(cluster), count(*) OVER ()
		FROM image JOIN offer USING (n)
		WHERE instr(words, 'ubuntu') AND instr(words, 'release') AND instr(words, ?)
		AND cluster <> '' AND type = ''
		GROUP BY n
		ORDER BY ImageId LIMIT 100`,
		func(i int) []any { return []any{strconv.Itoa(i % 2000), -i} }},
	{"text-fts5", func(i int) string {
		return fmt.Sprintf("/v1/images?ClusterId=*&q=ubuntu+release+%d", 100+i%1900)
	}, `SELECT doc, group_concat(cluster), count(*) OVER ()
		FROM fts JOIN image ON n = fts.rowid JOIN offer USING (n)
		WHERE fts.words MATCH ?
		AND cluster <> '' AND type = ''
		GROUP BY n
		ORDER BY ImageId LIMIT 100`,
		func(i int) []any {
			return []any{fmt.Sprintf("ubuntu AND release AND %q", strconv.Itoa(100+i%1900))}
		}},
}

// BenchmarkAgainstSQLite compares the CPU time of lookups in the handler with the
// same lookups in SQLite in memory, with prepared statements and an index for each.
// It fails if the handler needs more than half of SQLite's.
func BenchmarkAgainstSQLite(b *testing.B) {
	w := querytest.NewLargeRegion(b, 200, 200, 2000)
	h := w.Handler(func(o *query.Options) { o.HeadTTL = time.Hour })
	db := newDatabase(b, readCatalog(b, w))
	for _, statement := range []string{
		"ALTER TABLE image ADD COLUMN vk BLOB", `UPDATE image SET vk = vkey("OsTag.Version")`,
		"ALTER TABLE image ADD COLUMN words TEXT",
		`UPDATE image SET words = ulower(concat_ws(char(10), ImageName, Description, ImageId, ProductCode))`,
		"CREATE VIRTUAL TABLE fts USING fts5(words, content='image', content_rowid='n', tokenize='trigram')",
		"INSERT INTO fts(fts) VALUES ('rebuild')",
		"CREATE TABLE scope (cluster TEXT, type TEXT, checked TEXT, PRIMARY KEY (cluster, type)) WITHOUT ROWID",
		"INSERT INTO scope SELECT DISTINCT cluster, type, '2026-11-23T09:00:00.000Z' FROM offer",
		"CREATE TABLE event (id TEXT, cluster TEXT, type TEXT, at TEXT, kind TEXT)", "INSERT INTO event SELECT " +
			"ImageId, cluster, type, '2026-11-23T09:00:00.000Z', 'added' FROM image JOIN offer USING (n)",
		"CREATE INDEX eventById ON event (id, at)", "ANALYZE",
	} {
		if _, err := db.Exec(statement); err != nil {
			b.Fatalf("%s: %v", statement, err)
		}
	}
	for _, r := range comparedLookups {
		b.Run(r.name, func(b *testing.B) {
			statement, err := db.Prepare(r.sql)
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = statement.Close() }()
			// loads, which BenchmarkCold measures
			querytest.ServeOnce(b, h, httptest.NewRequest(http.MethodGet, r.target(0), nil), 200)
			runStatement(b, statement, r.args(0))
			var ours, theirs time.Duration
			question := 0
			const batch = 100 // the clock of CPU time is coarse
			for b.Loop() {
				b.StopTimer()
				requests, args := make([]*http.Request, batch), make([][]any, batch)
				for k := range batch {
					requests[k], args[k] = httptest.NewRequest(http.MethodGet,
						fmt.Sprintf("%s&maxAge=%dm", r.target(question), 10+question), nil), r.args(question)
					question++
				}
				before := processCPUTime(b)
				b.StartTimer()
				for _, request := range requests {
					querytest.ServeOnce(b, h, request, 200)
				}
				b.StopTimer()
				between := processCPUTime(b)
				for _, a := range args {
					runStatement(b, statement, a)
				}
				ours, theirs = ours+between-before, theirs+processCPUTime(b)-between
				b.StartTimer()
			}
			ratio := float64(ours) / float64(theirs)
			b.ReportMetric(float64(ours.Microseconds())/float64(question), "cpu-µs/lookup")
			b.ReportMetric(float64(theirs.Microseconds())/float64(question), "sqlite-cpu-µs/lookup")
			b.ReportMetric(ratio, "ratio")
			b.ReportMetric(0, "ns/op")
			if question > batch && ratio > 0.5 {
				b.Errorf("%s takes %.2f of the CPU of SQLite: %s, %s", r.name, ratio, ours/time.Duration(question),
					theirs/time.Duration(question))
			}
		})
	}
}

// processCPUTime returns the CPU time that this process has used.
func processCPUTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// runStatement runs a statement and writes its rows into one body.
func runStatement(b *testing.B, statement *sql.Stmt, args []any) {
	rows, err := statement.Query(args...)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var body bytes.Buffer
	var doc, clusters sql.RawBytes
	var total int
	for rows.Next() {
		if err := rows.Scan(&doc, &clusters, &total); err != nil {
			b.Fatal(err)
		}
		body.Write(doc)
		body.Write(clusters)
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
}

// readCatalog returns the images that a fixture holds now, as SQLite is filled.
func readCatalog(b *testing.B, w *querytest.Fixture) generatedCatalog {
	store := archive.New(w.Memory, w.Keys)
	now, err := store.Now(context.Background(), archivetest.Hangzhou, nil)
	if err != nil {
		b.Fatal(err)
	}
	o := generatedCatalog{scopes: map[[2]string][]int{}}
	places := map[string]int{}
	for _, s := range now.Scopes() {
		snapshot, err := store.Snapshot(context.Background(), s.Scope(archivetest.Hangzhou), s.Digest)
		if err != nil {
			b.Fatal(err)
		}
		for _, im := range snapshot.Images {
			at, known := places[im.Raw]
			if !known {
				at = len(o.images)
				places[im.Raw] = at
				o.images = append(o.images, generatedImage{number: at, object: im.Raw, texts: fieldTexts(im)})
			}
			key := [2]string{s.ClusterID, s.InstanceType}
			o.scopes[key] = append(o.scopes[key], at)
		}
	}
	return o
}

func fieldTexts(im *catalog.Image) map[string]string {
	return map[string]string{
		"ImageId": im.ImageID, "ImageName": im.Text("ImageName"), "Status": im.Text("Status"),
		"Description": im.Text("Description"), "ProductCode": im.Text("ProductCode"),
		"Size": im.Text("Size"), "OsTag.Platform": im.Text("OsTag.Platform"), "OsTag.Version": im.Text("OsTag.Version"),
	}
}
