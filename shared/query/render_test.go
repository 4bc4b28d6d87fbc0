package query_test

import (
	"net/url"
	"strings"
	"testing"
)

// TestBodies compares whole bodies that are short.
func TestBodies(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	h := w.Handler()
	for _, row := range []struct{ target, want string }{
		// Asked for by name, they are there of a single scope too.
		{"/v1/images?ClusterId=ehpc-b&fields=Clusters,ImageId&format=ndjson",
			`{"ImageId":"m-bp181x855551ww5yq****","Clusters":["ehpc-b"]}|` +
				`{"ImageId":"m-ubuntu","Clusters":["ehpc-b"]}|`},
		{"/v1/images?ClusterId=ehpc-b&fields=ImageId,Clusters,InstanceTypes&format=csv",
			"ImageId,Clusters,InstanceTypes|m-bp181x855551ww5yq****,ehpc-b,|m-ubuntu,ehpc-b,|"},
		{"/v1/images?fields=ImageId,Clusters&format=ndjson&limit=1",
			`{"ImageId":"m-bp181x855551ww5yq****","Clusters":[]}|`},
		{"/v1/images?ClusterId=ehpc-a&InstanceType=ecs.c7.large&fields=ImageId,InstanceTypes&format=ndjson&limit=1",
			`{"ImageId":"m-bp181x855551ww5yq****","InstanceTypes":["ecs.c7.large"]}|`},
		{"/v1/images?ClusterId=ehpc-a,ehpc-b&fields=ImageId,Clusters&format=csv&ImageId=m-cent710,m-ubuntu",
			"ImageId,Clusters|m-cent710,ehpc-a|m-ubuntu,ehpc-b|m-ubuntu,ehpc-a|"},
		{"/v1/images?ClusterId=ehpc-a,ehpc-b&fields=ImageId,Status,Clusters&format=tsv&ImageId=m-ubuntu",
			"ImageId\tStatus\tClusters|m-ubuntu\tAvailable\tehpc-b|m-ubuntu\tCreating\tehpc-a|"},
		{"/v1/images?ClusterId=ehpc-a,ehpc-b&fields=ImageId,ImageName,Clusters&format=table&ImageId=m-ubuntu,m-cent79",
			"ImageId   ImageName        Clusters|" +
				"m-cent79  hpc-centos-7.9   ehpc-a|" +
				"m-ubuntu  深度学习 ubuntu  ehpc-b|" +
				"m-ubuntu  深度学习 ubuntu  ehpc-a|"},
		// The pairs that offer an image.
		{"/v1/images?ClusterId=ehpc-a&InstanceType=_any,ecs.c7.large&ImageId=m-cent710&fields=ImageId,Offers&format=ndjson",
			`{"ImageId":"m-cent710","Offers":[{"ClusterId":"ehpc-a","InstanceType":""},` +
				`{"ClusterId":"ehpc-a","InstanceType":"ecs.c7.large"}]}|`},
		{"/v1/images?ClusterId=ehpc-a&InstanceType=_any,ecs.c7.large&ImageId=m-cent710&fields=Offers&format=csv",
			"Offers|ehpc-a/_any;ehpc-a/ecs.c7.large|"},
		{"/v1/images?ImageId=m-cent79,m-bp181x855551ww5yq****&limit=1&fields=Offers&format=ndjson",
			`{"Offers":[{"ClusterId":"","InstanceType":""}]}|`},
		// Where clusters differ every format says so, and an id is one id.
		{"/v1/images?ClusterId=*&ImageId=m-ubuntu,m-cent79&format=ids", "m-cent79|m-ubuntu|"},
		{"/v1/images?ClusterId=*&ImageId=m-ubuntu,m-cent79&format=ids&sort=-ImageId", "m-ubuntu|m-cent79|"},
		{"/v1/images?ClusterId=*&ImageId=m-ubuntu&sort=Status&format=ndjson&fields=ContentDiffers,Status",
			`{"Status":"Available","ContentDiffers":true}|{"Status":"Creating","ContentDiffers":true}|`},
		{"/v1/images?ClusterId=*&ImageId=m-cent79&format=ndjson&fields=contentdiffers", `{"ContentDiffers":false}|`},
		{"/v1/images?ClusterId=ehpc-a&ImageId=m-ubuntu&format=csv&fields=ContentDiffers", "ContentDiffers|false|"},
		{"/v1/images?ClusterId=*&ImageId=m-ubuntu,m-cent79&format=tsv&fields=ImageId,ContentDiffers",
			"ImageId\tContentDiffers|m-cent79\tfalse|m-ubuntu\ttrue|m-ubuntu\ttrue|"},
		{"/v1/images?ClusterId=*&ImageId=m-ubuntu,m-cent79&format=table",
			"ImageId   ImageName        Status     OsTag.Platform  OsTag.Version  OsTag.Architecture  Size  Clusters  InstanceTypes  ContentDiffers|" +
				"m-cent79  hpc-centos-7.9   Available  CentOS          7.9            x86_64              40    ehpc-a                   false|" +
				"m-ubuntu  深度学习 ubuntu  Available  Ubuntu          22.04          x86_64              500   ehpc-b                   true|" +
				"m-ubuntu  深度学习 ubuntu  Creating   Ubuntu          22.04          x86_64              500   ehpc-a    ecs.c7.large   true|"},
		{"/v1/images?ClusterId=*&ImageId=m-cent79&format=table",
			"ImageId   ImageName       Status     OsTag.Platform  OsTag.Version  OsTag.Architecture  Size  Clusters  InstanceTypes|" +
				"m-cent79  hpc-centos-7.9  Available  CentOS          7.9            x86_64              40    ehpc-a|"},
		{"/v1/matrix?ImageId=m-ubuntu,m-cent79&format=csv",
			"ImageId,ImageName,Status,ContentDiffers,ehpc-a,ehpc-b|" +
				"m-cent79,hpc-centos-7.9,Available,false,x,|" +
				"m-ubuntu,深度学习 ubuntu,Available,true,x,x|"},
		{"/v1/matrix?ImageId=m-ubuntu,m-cent79&format=table",
			"ImageId   ImageName        Status     ContentDiffers  ehpc-a  ehpc-b|" +
				"m-cent79  hpc-centos-7.9   Available  false           x|" +
				"m-ubuntu  深度学习 ubuntu  Available  true            x       x|"},
		{"/v1/matrix?ImageId=m-cent79&format=table",
			"ImageId   ImageName       Status     ehpc-a  ehpc-b|m-cent79  hpc-centos-7.9  Available  x|"},
		{"/v1/matrix?InstanceType=ecs.c7.large&format=csv",
			"ImageId,ImageName,Status,ContentDiffers,ecs.c7.large|" +
				"m-bp181x855551ww5yq****,linux_CentOS7.2_OceanBase_OBD_1ECS-3OB_3.0,Available,false,x|" +
				"m-cent710,hpc-centos-7.10,Available,false,x|" +
				"m-ubuntu,深度学习 ubuntu,Creating,false,x|"},
		{"/v1/matrix?InstanceType=_any,ecs.c7.large&format=csv&ImageId=m-cent79",
			"ImageId,ImageName,Status,ContentDiffers,_any,ecs.c7.large|m-cent79,hpc-centos-7.9,Available,false,x,|"},
		{"/v1/images?ClusterId=ehpc-a&at=2026-11-23t09:30:00z&format=ids",
			"m-bp181x855551ww5yq****|m-cent79|m-ubuntu|m-win|"},
	} {
		rec := get(h, row.target)
		got := strings.NewReplacer("\r\n", "|", "\n", "|").Replace(rec.Body.String())
		if rec.Code != 200 || got != row.want {
			t.Errorf("%s gives %d %q, want %q", row.target, rec.Code, got, row.want)
		}
	}
}

// TestCells checks that every text of an image arrives unchanged in its cell: one
// row and one column, whatever it contains. Only formulas are escaped.
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
		`{"ImageId":"m-5","ImageName":"x;=1+1","Description":"a\t=1+1\nb\n-c","Uid":"1,-2"}`,
	)})
	h := w.Handler()
	for _, row := range []struct{ name, target, want string }{
		{"a script in csv keeps its line ends", "/v1/images?ImageId=m-1&fields=PostInstallScript&format=csv",
			"PostInstallScript\r\n\"#!/bin/sh\necho \"\"a\"\"\n\"\r\n"},
		{"so does a text with line ends of every kind", "/v1/images?ImageId=m-1&fields=Description,ImageId&format=csv",
			"Description,ImageId\r\n\"a\r\nb\rc\",m-1\r\n"},
		{"without fields, csv has one line a row", "/v1/images?ImageId=m-2&format=csv",
			"ImageId,ImageName,Status,OsTag.Platform,OsTag.Version,OsTag.Architecture,Size,Clusters,InstanceTypes\r\n" +
				"m-2,a b,,,,,,,\r\n"},
		{"and in a matrix", "/v1/matrix?ClusterId=_any&ImageId=m-2&format=csv",
			"ImageId,ImageName,Status,ContentDiffers,_any\r\nm-2,a b,,false,x\r\n"},
		{"a matrix in ndjson", "/v1/matrix?ClusterId=_any&ImageId=m-2&format=ndjson",
			`{"ImageId":"m-2","ImageName":"a\nb","Status":"","OfferedBy":["_any"],"Everywhere":true,` +
				`"ContentDiffers":false}` + "\n"},
		{"a byte order mark, for spreadsheets", "/v1/images?ImageId=m-1&fields=ImageId&format=csv&bom=true",
			"\ufeffImageId\r\nm-1\r\n"},
		{"all that is known, in csv", "/v1/images?ImageId=m-4&fields=*&format=csv",
			"ImageId,ImageName,Status,Size,ImageOwnerAlias,SkuCode,PricingCycle,ProductCode,Uid,Description," +
				"PostInstallScript,BaseOsTag.Platform,BaseOsTag.OsTag,BaseOsTag.Version,BaseOsTag.Architecture," +
				"OsTag.Platform,OsTag.OsTag,OsTag.Version,OsTag.Architecture,OsTag.BaseOsTag,Clusters,InstanceTypes," +
				"ContentDiffers\r\nm-4,'  =1+1,,,,,,,'\x01\ufeff＝1,'\u00a0@a,\" \"\"-1\"\"\",,,,,,,,,,,,false\r\n"},
		{"and in JSON", "/v1/images?ImageId=m-2&fields=*&format=ndjson",
			`{"BaseOsTag":"CentOS_7.2_64","ImageId":"m-2","ImageName":"a\nb","OsTag":null,"PostInstallScript":"\t=1+1",` +
				`"Clusters":[],"InstanceTypes":[],"ContentDiffers":false}` + "\n"},
		{"a row of one empty cell is no empty line", "/v1/images?ImageId=m-1,m-2&fields=ImageName&format=csv",
			"ImageName\r\n\"\"\r\n\"a\nb\"\r\n"},
		{"a member that its object has already has no second column",
			"/v1/images?ImageId=m-1&fields=OsTag.Version,OsTag,OsTag.Version&format=csv",
			"OsTag.Version,OsTag.Platform,OsTag.OsTag,OsTag.Architecture,OsTag.BaseOsTag\r\n7.9,CentOS,,,\r\n"},
		{"nor after it", "/v1/images?ImageId=m-1&fields=OsTag,OsTag.Version&format=tsv",
			"OsTag.Platform\tOsTag.OsTag\tOsTag.Version\tOsTag.Architecture\tOsTag.BaseOsTag\nCentOS\t\t7.9\t\t\n"},
		{"a formula behind a tab is none in csv", "/v1/images?ImageId=m-2&fields=PostInstallScript&format=csv",
			"PostInstallScript\r\n\"'\t'=1+1\"\r\n"},
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
		{"nor one behind a semicolon, at which spreadsheets of some languages split",
			"/v1/images?ImageId=m-5&fields=ImageName,Description,ImageId&format=csv",
			"ImageName,Description,ImageId\r\n\"x;'=1+1\",\"a\t'=1+1\nb\n'-c\",m-5\r\n"},
		{"nor in tsv, where they may split at a comma",
			"/v1/images?ImageId=m-5&fields=ImageName,Description,Uid&format=tsv",
			"ImageName\tDescription\tUid\nx;'=1+1\ta =1+1 b -c\t1,'-2\n"},
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
