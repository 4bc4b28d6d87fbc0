package main

import (
	"maps"
	"strings"
	"testing"

	"community-images/scripts/check/rostemplate"
)

// TestRulesRefuseWhatIsNotSafe: each row is a combination of parameters, and a part of
// the reason for which the template's rules refuse it; none if they do not.
func TestRulesRefuseWhatIsNotSafe(t *testing.T) {
	t.Parallel()
	template, err := parsedTemplate()
	if err != nil {
		t.Fatal(err)
	}
	const clear = "tokens would travel in clear text"
	type given = map[string]any
	domain := func(protocol string, more given) given {
		all := given{"DomainName": "images.example.com", "DomainProtocol": protocol}
		if protocol != "HTTP" {
			all["Certificate"], all["CertificateKey"] = "chain", "key"
		}
		maps.Copy(all, more)
		return all
	}
	tokens := given{"HttpAuth": "anonymous", "QueryTokens": "[{}]"}
	jwt := given{"HttpAuth": "jwt", "HttpAuthConfig": "{}"}
	for _, row := range []struct {
		name  string
		given given
		want  string
	}{
		{"tokens over HTTPS", domain("HTTPS", tokens), ""},
		{"tokens over HTTP", domain("HTTP", tokens), clear},
		{"tokens over both", domain("HTTP,HTTPS", tokens), clear},
		{"jwt over HTTPS", domain("HTTPS", jwt), ""},
		{"jwt over HTTP", domain("HTTP", jwt), clear},
		{"signatures over HTTP", domain("HTTP", nil), ""},
		{"everybody over HTTP", domain("HTTP", given{"HttpAuth": "anonymous"}), ""},
		{"tokens without a domain", tokens, ""},
		{"a protocol without a domain", given{"DomainProtocol": "HTTP", "HttpAuth": "anonymous", "QueryTokens": "[{}]"}, ""},
		{"bearer", given{"HttpAuth": "bearer", "HttpAuthConfig": "{}"}, ""},
		{"bearer without tokens", given{"HttpAuth": "bearer"}, "HttpAuth bearer needs HttpAuthConfig"},
		{"bearer at a domain", domain("HTTPS", given{"HttpAuth": "bearer", "HttpAuthConfig": "{}"}),
			"HttpAuth bearer needs an empty DomainName"},
		{"bearer and tokens of ours", given{"HttpAuth": "bearer", "HttpAuthConfig": "{}", "QueryTokens": "[{}]"},
			"QueryTokens need HttpAuth anonymous"},
		{"bearer and access keys of ours", given{"HttpAuth": "bearer", "HttpAuthConfig": "{}", "QueryAccessKeys": "[{}]"},
			"QueryAccessKeys need HttpAuth anonymous"},
	} {
		err := template.CheckRules(rostemplate.Values{Parameters: row.given})
		if (err != nil) != (row.want != "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q", row.name, err, row.want)
		}
	}
}

// TestAuthOfTriggerAndDomain: both ask for the same authentication, and get the
// configuration that belongs to it.
func TestAuthOfTriggerAndDomain(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ auth, trigger, triggerConfig, domain, domainConfig string }{
		{"function", `"function"`, absent, `"function"`, absent},
		{"anonymous", `"anonymous"`, absent, `"anonymous"`, absent},
		{"jwt", `"jwt"`, `"{}"`, `"jwt"`, `"{}"`},
		// A rule refuses bearer with a domain. If ROS did not check it, the domain would stay closed.
		{"bearer", `"bearer"`, `"{}"`, `"function"`, absent},
	} {
		resources := resourcesWith(t, map[string]any{"HttpAuth": row.auth, "HttpAuthConfig": "{}",
			"DomainName": "images.example.com"})
		for _, p := range []struct{ resource, path, want string }{
			{"QueryHttp", "TriggerConfig.authType", row.trigger}, {"QueryHttp", "TriggerConfig.authConfig", row.triggerConfig},
			{"QueryDomain", "AuthConfig.AuthType", row.domain}, {"QueryDomain", "AuthConfig.AuthInfo", row.domainConfig},
		} {
			if got := property(t, resources[p.resource].Properties, p.path); got != p.want {
				t.Errorf("%s: %s.%s is %s, want %s", row.auth, p.resource, p.path, got, p.want)
			}
		}
	}
}
