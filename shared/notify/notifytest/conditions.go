package notifytest

import (
	"strings"
	"testing"
)

// conditions are conditions on images, at least one for each operator, and what they mean.
var conditions = []struct {
	text    string
	matches func(id string, f Fields) bool
}{
	{`{"OsTag.Platform":"centos,rocky"}`, func(_ string, f Fields) bool { return f.Platform != "Windows" }},
	{`{"OsTag.Version":["7.9","8.2"]}`, func(_ string, f Fields) bool {
		return f.Version == "7.9" || f.Version == "8.2"
	}},
	{`{"Description":"for MPI\\, v2"}`, func(_ string, f Fields) bool { return f.Description == "for MPI, v2" }},
	{`{"Description__eq":["gpu","none"]}`, func(_ string, f Fields) bool { return f.Description == "gpu" }},
	{`{"ImageName__ieq":["NAME OF M-03","name OF m-04"]}`, func(id string, _ Fields) bool {
		return id == "m-03" || id == "m-04"
	}},
	{`{"OsTag.Version__ne":["7.9","8.2"]}`, func(_ string, f Fields) bool {
		return f.Version == "7.10" || f.Version == ""
	}},
	{`{"Description__ine":"FOR gpu"}`, func(_ string, f Fields) bool { return f.Description != "For GPU" }},
	{`{"Description__prefix":"for"}`, func(_ string, f Fields) bool { return strings.HasPrefix(f.Description, "for") }},
	{`{"Description__iprefix":"for"}`, func(_ string, f Fields) bool {
		return f.Description == "for MPI, v2" || f.Description == "For GPU"
	}},
	{`{"Description__suffix":"GPU"}`, func(_ string, f Fields) bool { return f.Description == "For GPU" }},
	{`{"Description__isuffix":"GPU"}`, func(_ string, f Fields) bool {
		return f.Description == "For GPU" || f.Description == "gpu"
	}},
	{`{"ImageName__contains":"m-1"}`, func(id string, _ Fields) bool { return strings.HasPrefix(id, "m-1") }},
	{`{"ImageName__icontains":["OF M-2","x"]}`, func(id string, _ Fields) bool { return strings.HasPrefix(id, "m-2") }},
	{`{"ImageName__glob":"name*m-?[1-3]"}`, func(id string, _ Fields) bool {
		return strings.ContainsAny(id[3:], "123")
	}},
	{`{"ImageName__iglob":"NAME OF m-?[!1-3]"}`, func(id string, _ Fields) bool {
		return !strings.ContainsAny(id[3:], "123")
	}},
	{`{"ImageName__regex":"name of m-[01]\\d"}`, func(id string, _ Fields) bool { return id < "m-2" }},
	{`{"ImageName__iregex":".*M-2."}`, func(id string, _ Fields) bool { return id >= "m-2" }},
	{`{"OsTag.Version__exists":"true"}`, func(_ string, f Fields) bool { return f.Version != "" }},
	{`{"Description__exists":"false"}`, func(_ string, f Fields) bool { return f.Description == "" }},
	{`{"Size__gt":"40"}`, func(_ string, f Fields) bool { return f.Size > 40 }},
	{`{"OsTag.Version__gte":"7.10"}`, func(_ string, f Fields) bool {
		return f.Version == "7.10" || f.Version == "8.2"
	}},
	{`{"OsTag.Version__lt":"v7.10"}`, func(_ string, f Fields) bool { return f.Version == "7.9" }},
	{`{"Size__lte":"4.1e1"}`, func(_ string, f Fields) bool { return f.Size <= 41 }},
	{`{"Size":"40.0,42"}`, func(_ string, f Fields) bool { return f.Size != 41 }},
	{`{"Size__ne":"40.0"}`, func(_ string, f Fields) bool { return f.Size != 40 }},
	{`{"ImageId__ne":"m-01"}`, func(id string, _ Fields) bool { return id != "m-01" }},
	{`{"ImageId":["m-01","m-05,m-07","m-11"],"Status":"available"}`, func(id string, f Fields) bool {
		return f.Status == "Available" // the ids are no condition on the content
	}},
	{`{"q":"GPU m-1"}`, func(id string, f Fields) bool {
		return strings.HasPrefix(id, "m-1") && strings.Contains(strings.ToLower(f.Description), "gpu")
	}},
	{`{"status":"AVAILABLE","size__LT":"42","Q":["name","mpi"]}`, func(_ string, f Fields) bool {
		return f.Status == "Available" && f.Size < 42 && strings.Contains(f.Description, "MPI")
	}},
}

// Conditions returns filters with conditions on images, at least one for each operator.
func Conditions(t testing.TB) (list []Filter) {
	t.Helper()
	for _, c := range conditions {
		f := ParseFilter(t, c.text)
		f.Matches = c.matches
		list = append(list, f)
	}
	return list
}
