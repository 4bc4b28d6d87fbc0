package query_test

import (
	"net/url"
	"testing"
)

// TestCells: every text of an image arrives unchanged in its cell: one row and one
// column, whatever it contains. Only what a spreadsheet would run is escaped.
func TestCells(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.CommitRun(hangzhou, content{"_any/_any": parseImages(t,
		`{"ImageId":"m-1","PostInstallScript":"#!/bin/sh\necho \"a\"\n","Description":"a\r\nb\rc",`+
			`"OsTag":{"Platform":"CentOS","Version":"7.9"}}`,
		`{"ImageId":"m-2","PostInstallScript":"\t=1+1","ImageName":"a\nb","BaseOsTag":"CentOS_7.2_64","OsTag":null}`,
		`{"ImageId":"m-3","ImageName":"\"=1+1\"","Description":"\"a"}`,
		`{"ImageId":"m-4","ImageName":"  =1+1","Description":"\u00a0@a",`+
			`"PostInstallScript":" \"-1\"","Uid":"\u0001\ufeff＝1"}`,
	)})
	h := w.Handler()
	for _, row := range []struct{ name, target, want string }{
		{"a script in csv keeps its line ends", "/v1/images?ImageId=m-1&fields=PostInstallScript&format=csv",
			"PostInstallScript\r\n\"#!/bin/sh\necho \"\"a\"\"\n\"\r\n"},
		{"so does a text with line ends of every kind", "/v1/images?ImageId=m-1&fields=Description,ImageId&format=csv",
			"Description,ImageId\r\n\"a\r\nb\rc\",m-1\r\n"},
		{"and a name in a matrix", "/v1/matrix?ClusterId=_any&ImageId=m-2&format=csv",
			"ImageId,ImageName,Status,ContentDiffers,_any\r\nm-2,\"a\nb\",,false,x\r\n"},
		{"a row of one empty cell is no empty line", "/v1/images?ImageId=m-1,m-2&fields=ImageName&format=csv",
			"ImageName\r\n\"\"\r\n\"a\nb\"\r\n"},
		{"a member that its object has already has no second column",
			"/v1/images?ImageId=m-1&fields=OsTag.Version,OsTag,OsTag.Version&format=csv",
			"OsTag.Version,OsTag.Platform,OsTag.OsTag,OsTag.Architecture,OsTag.BaseOsTag\r\n7.9,CentOS,,,\r\n"},
		{"nor after it", "/v1/images?ImageId=m-1&fields=OsTag,OsTag.Version&format=tsv",
			"OsTag.Platform\tOsTag.OsTag\tOsTag.Version\tOsTag.Architecture\tOsTag.BaseOsTag\nCentOS\t\t7.9\t\t\n"},
		{"a formula behind a tab is none in csv", "/v1/images?ImageId=m-2&fields=PostInstallScript&format=csv",
			"PostInstallScript\r\n'\t=1+1\r\n"},
		{"nor in tsv, where the tab is a space", "/v1/images?ImageId=m-2&fields=PostInstallScript&format=tsv",
			"PostInstallScript\n' =1+1\n"},
		{"nor one in quotation marks, which spreadsheets take off in tsv",
			"/v1/images?ImageId=m-3&fields=ImageName,Description,ImageId&format=tsv",
			"ImageName\tDescription\tImageId\n'\"=1+1\"\t'\"a\tm-3\n"},
		{"nor one behind spaces, which some of them take off, too",
			"/v1/images?ImageId=m-4&fields=ImageName,Description,Uid,PostInstallScript&format=tsv",
			"ImageName\tDescription\tUid\tPostInstallScript\n'  =1+1\t'\u00a0@a\t' \ufeff＝1\t' \"-1\"\n"},
		{"nor in csv", "/v1/images?ImageId=m-4&fields=ImageName,Description,Uid,PostInstallScript&format=csv",
			"ImageName,Description,Uid,PostInstallScript\r\n'  =1+1,'\u00a0@a,'\x01\ufeff＝1,\" \"\"-1\"\"\"\r\n"},
		{"in csv quotation marks are text", "/v1/images?ImageId=m-3&fields=ImageName&format=csv",
			"ImageName\r\n\"\"\"=1+1\"\"\"\r\n"},
		{"a text for an object is its tag", "/v1/images?ImageId=m-2&fields=BaseOsTag.OsTag,ImageId&format=ndjson",
			`{"BaseOsTag":"CentOS_7.2_64","ImageId":"m-2"}` + "\n"},
		{"and no other member", "/v1/images?ImageId=m-2&fields=BaseOsTag.Platform,ImageId&format=ndjson",
			`{"ImageId":"m-2"}` + "\n"},
		{"all of it is the text", "/v1/images?ImageId=m-2&fields=BaseOsTag.Platform,BaseOsTag,ImageId&format=ndjson",
			`{"BaseOsTag":"CentOS_7.2_64","ImageId":"m-2"}` + "\n"},
		{"null has no members", "/v1/images?ImageId=m-2&fields=OsTag.OsTag,OsTag.Version,ImageId&format=ndjson",
			`{"ImageId":"m-2"}` + "\n"},
		{"and is shown where it is asked for", "/v1/images?ImageId=m-2&fields=OsTag,ImageId&format=ndjson",
			`{"OsTag":null,"ImageId":"m-2"}` + "\n"},
	} {
		rec := get(h, row.target)
		if got := rec.Body.String(); rec.Code != 200 || got != row.want {
			u, _ := url.QueryUnescape(row.target)
			t.Errorf("%s: %s gives %d\n%q, want\n%q", row.name, u, rec.Code, got, row.want)
		}
	}
}
