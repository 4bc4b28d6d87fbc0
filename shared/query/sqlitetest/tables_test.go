package sqlitetest

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"modernc.org/sqlite"
)

// registerFunctions gives SQLite the functions that it lacks, written from the contract
// and not from the package under test: lower case of all letters, RE2 over a whole
// value, and a key by which versions compare as blobs.
var registerFunctions = sync.OnceFunc(func() {
	sqlite.MustRegisterDeterministicScalarFunction("ulower", 1,
		func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			s, ok := args[0].(string)
			if !ok {
				return nil, nil
			}
			return strings.ToLower(s), nil
		})
	var compiled sync.Map
	sqlite.MustRegisterDeterministicScalarFunction("re2", 2,
		func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			s, ok := args[1].(string)
			if !ok {
				return nil, nil
			}
			re, ok := compiled.Load(args[0])
			if !ok {
				made, err := regexp.Compile(args[0].(string))
				if err != nil {
					return nil, err
				}
				made.Longest() // so the first match is the whole value if any match is
				compiled.Store(args[0], made)
				re = made
			}
			at := re.(*regexp.Regexp).FindStringIndex(s)
			return at != nil && at[0] == 0 && at[1] == len(s), nil
		})
	sqlite.MustRegisterDeterministicScalarFunction("vkey", 1,
		func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			s, ok := args[0].(string)
			if !ok {
				return nil, nil
			}
			return versionKey(s), nil
		})
})

var (
	versionParts = regexp.MustCompile(`[0-9]+|[A-Za-z[:^ascii:]]+`)
	previews     = regexp.MustCompile(`^(?i:alpha|beta|dev|pre|preview|rc)$`)
	leadingV     = regexp.MustCompile(`^[vV]([0-9])`)
)

// versionKey returns bytes that compare as versions do, part by part: numbers after
// words, words in lower case, previews such as "rc" before the end.
func versionKey(s string) []byte {
	key := []byte{}
	for _, part := range versionParts.FindAllString(leadingV.ReplaceAllString(s, "$1"), -1) {
		switch number := strings.TrimLeft(part, "0"); {
		case part[0] >= '0' && part[0] <= '9':
			key = append(key, 3, byte(len(number)))
			key = append(key, number...)
			continue
		case previews.MatchString(part):
			key = append(key, 0)
		default:
			key = append(key, 2)
		}
		for _, c := range []byte(part) {
			if c >= 'A' && c <= 'Z' {
				c |= 0x20
			}
			key = append(key, c)
		}
		key = append(key, 0)
	}
	return append(key, 1)
}

// database is a generated catalog in SQLite.
type database struct {
	*sql.DB
	catalog generatedCatalog
}

func newDatabase(t testing.TB, o generatedCatalog) database {
	t.Helper()
	registerFunctions()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1) // each connection has its own memory
	t.Cleanup(func() { _ = db.Close() })
	tb := database{db, o}
	if err := tb.createTables(); err != nil {
		t.Fatal(err)
	}
	if err := tb.addDates(); err != nil {
		t.Fatal(err)
	}
	return tb
}

func (t database) createTables() error {
	var columns strings.Builder
	for _, f := range everyField {
		kind := "TEXT"
		if f == "Size" {
			kind = "INTEGER"
		}
		fmt.Fprintf(&columns, ", %q %s", f, kind)
	}
	tx, err := t.Begin()
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for _, statement := range []string{
		"CREATE TABLE image (n INTEGER PRIMARY KEY, doc TEXT" + columns.String() + ")",
		"CREATE TABLE offer (cluster TEXT, type TEXT, n INTEGER, PRIMARY KEY (cluster, type, n)) WITHOUT ROWID",
		`CREATE INDEX byId ON image ("ImageId")`, `CREATE INDEX byPlatform ON image ("OsTag.Platform", "Status")`,
		"CREATE INDEX byImage ON offer (n)",
	} {
		if _, err := tx.Exec(statement); err != nil {
			return err
		}
	}
	insert, err := tx.Prepare("INSERT INTO image VALUES (?, ?" + strings.Repeat(", ?", len(everyField)) + ")")
	if err != nil {
		return err
	}
	for _, rec := range t.catalog.images {
		row := []any{rec.number, rec.object}
		for _, f := range everyField {
			if text, ok := rec.texts[f]; ok {
				row = append(row, text)
			} else {
				row = append(row, nil)
			}
		}
		if _, err := insert.Exec(row...); err != nil {
			return err
		}
	}
	offer, err := tx.Prepare("INSERT INTO offer VALUES (?, ?, ?)")
	if err != nil {
		return err
	}
	for scope, has := range t.catalog.scopes {
		for _, n := range has {
			if _, err := offer.Exec(scope[0], scope[1], n); err != nil {
				return err
			}
		}
	}
	return tx.Commit()
}

// meanEverything returns what * means for lists: every name, and the question without
// one. All clusters alone are of any type.
func (l lookup) meanEverything() lookup {
	if isAll(l.clusters) {
		l.clusters = everyName
		if l.types == nil {
			l.types = everyName
		}
	}
	if isAll(l.types) {
		l.types = everyName
	}
	return l
}

// everyName is * together with the question without a name. No caller can write it.
var everyName = []string{"*", "_any"}

// isAll returns true for *, with the question without a name or not.
func isAll(names []string) bool { return len(names) > 0 && names[0] == "*" }

// resolveScopes returns the scopes that a lookup selects. It returns false if none is
// captured, or one that the lookup names is not. The name * alone leaves out the
// question without a name.
func (l lookup) resolveScopes(o generatedCatalog) (scopes [][2]string, ok bool) {
	names := func(given []string) []string {
		if given == nil {
			return []string{""}
		}
		list := slices.Clone(given)
		for i := range list {
			list[i] = strings.Replace(list[i], "_any", "", 1)
		}
		return list
	}
	clusters, types := names(l.clusters), names(l.types)
	allClusters, allTypes := isAll(clusters), isAll(types)
	if allClusters {
		clusters = append(clusters[1:], clusterNames[1:]...)
	}
	if allTypes {
		types = append(types[1:], typeNames[1:]...)
	}
	for _, c := range clusters {
		for _, t := range types {
			if _, there := o.scopes[[2]string{c, t}]; there {
				scopes = append(scopes, [2]string{c, t})
			} else if !allClusters && !allTypes {
				return nil, false
			}
		}
	}
	for place, asked := range [][]string{clusters, types} {
		for _, name := range asked {
			if explicit := []bool{!allClusters, !allTypes}[place]; explicit &&
				!slices.ContainsFunc(scopes, func(s [2]string) bool {
					return s[place] == name
				}) {
				return nil, false
			}
		}
	}
	return scopes, len(scopes) > 0
}

// expectedImage is one row of the expected answer.
type expectedImage struct {
	N              int
	Clusters       []string
	InstanceTypes  []string
	ContentDiffers bool
	id, doc        string
	dates          map[string]string // by the names of dateFields; empty: not known
	scopes         []string          // cluster/type
}

// queryImages runs the lookup in SQLite. It returns the rows in order, and the facets.
func (t database) queryImages(l lookup, scopes [][2]string) (rows []expectedImage, facets map[string][]facetCount,
	err error) {
	var args []any
	var in []string
	for _, s := range scopes {
		in = append(in, "(?, ?)")
		args = append(args, s[0], s[1])
	}
	// listed has the scopes that offer each image. differ has the ids whose contents are
	// not offered by the same scopes.
	with := `WITH chosen AS (SELECT * FROM offer WHERE (cluster, type) IN (VALUES ` + strings.Join(in, ", ") + `)),
 listed AS (SELECT n, group_concat(cluster || '/' || type, ',' ORDER BY cluster, type) AS scopes,
  group_concat(DISTINCT nullif(cluster, '')) AS clusters,
   group_concat(DISTINCT nullif(type, '')) AS types FROM chosen GROUP BY n),
 differ AS (SELECT "ImageId" AS id FROM listed JOIN image USING (n) GROUP BY 1 HAVING count(DISTINCT scopes) > 1),
 matched AS (SELECT image.*, scopes, clusters, types, "ImageId" IN (SELECT id FROM differ) AS differs`
	where, whereArgs := l.sqlConditions(len(t.catalog.states()))
	order := l.sqlOrder()
	if l.latestBy != nil {
		with += ", row_number() OVER (PARTITION BY " + columnList(l.latestBy) + " ORDER BY " + order + ") AS place"
	} else {
		with += ", 1 AS place"
	}
	with += " FROM listed JOIN image USING (n)" + where + ") "
	args = append(args, whereArgs...)
	result, err := t.Query(with+
		"SELECT n, clusters, types, differs, \"ImageId\", doc, scopes, \"FirstSeen\", \"ChangedAt\" "+
		"FROM matched WHERE place = 1 ORDER BY "+
		order, args...)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = result.Close() }()
	for result.Next() {
		var f expectedImage
		var clusters, types, first, changed sql.NullString
		var in string
		if err := result.Scan(&f.N, &clusters, &types, &f.ContentDiffers, &f.id, &f.doc, &in, &first, &changed); err != nil {
			return nil, nil, err
		}
		f.dates = map[string]string{"FirstSeen": first.String, "ChangedAt": changed.String}
		f.scopes = strings.Split(in, ",")
		f.Clusters, f.InstanceTypes = sortedList(clusters), sortedList(types)
		rows = append(rows, f)
	}
	if err := result.Err(); err != nil {
		return nil, nil, err
	}
	facets, err = t.queryFacets(l, with, args)
	return rows, facets, err
}

func sortedList(s sql.NullString) []string {
	if !s.Valid {
		return []string{}
	}
	list := strings.Split(s.String, ",")
	slices.Sort(list)
	return list
}

type facetCount struct {
	Value string
	Count int
}

func (t database) queryFacets(l lookup, with string, args []any) (map[string][]facetCount, error) {
	if l.facets == nil {
		return nil, nil
	}
	facets := map[string][]facetCount{}
	for _, f := range l.facets {
		rows, err := t.Query(with+
			fmt.Sprintf(
				"SELECT coalesce(CAST(%q AS TEXT), '') AS v, count(*) AS c FROM matched GROUP BY v ORDER BY c DESC, v",
				f), args...)
		if err != nil {
			return nil, err
		}
		facets[f] = []facetCount{}
		for rows.Next() {
			var c facetCount
			if err := rows.Scan(&c.Value, &c.Count); err != nil {
				return nil, err
			}
			facets[f] = append(facets[f], c)
		}
		if err := rows.Close(); err != nil {
			return nil, err
		}
	}
	return facets, nil
}
