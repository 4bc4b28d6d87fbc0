package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
)

// bearerConfig is HttpAuthConfig of HttpAuth=bearer. Function Compute documents the
// form on its page about Bearer authentication of custom domain names.
type bearerConfig struct {
	// Tokens has 1 to maxBearerTokens entries.
	Tokens []bearerToken `json:"tokens"`
}

// bearerToken is a token that Function Compute accepts.
type bearerToken struct {
	// Name tells tokens apart, for whoever reads the configuration.
	Name string `json:"tokenName"`
	// Data is the token itself, not a hash.
	Data string `json:"tokenData"`
	// Enable false keeps a token in the list without accepting it.
	Enable bool `json:"enable"`
}

// maxBearerTokens is how many tokens Function Compute takes.
const maxBearerTokens = 20

var (
	// bearerNamePattern is what the name of a token may be.
	bearerNamePattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,127}$`)
	// bearerDataPattern is what a token may be. Tokens of scripts/token do not match:
	// they have an underscore.
	bearerDataPattern = regexp.MustCompile(`^[A-Za-z0-9+/=~.-]{32,128}$`)
)

// bearerProblems returns what Function Compute would refuse in the configuration of
// bearer authentication, by its documented limits. The texts repeat no value, because
// a token may stand in the wrong place.
func bearerProblems(text string) (problems []string) {
	add := func(format string, args ...any) {
		problems = append(problems, "parameter HttpAuthConfig: "+fmt.Sprintf(format, args...))
	}
	config, err := parseBearerConfig(text)
	if err != nil {
		add("%v", err)
		return problems
	}
	if n := len(config.Tokens); n == 0 || n > maxBearerTokens {
		add("has %d tokens; bearer takes 1 to %d", n, maxBearerTokens)
	}
	var names, tokens []string
	for i, token := range config.Tokens {
		switch {
		case !bearerNamePattern.MatchString(token.Name):
			add("tokenName %d must be 1 to 128 letters, digits, _ and -, and begin with a letter or _", i+1)
		case slices.Contains(names, token.Name):
			add("tokenName %d is that of an earlier token", i+1)
		}
		switch {
		case !bearerDataPattern.MatchString(token.Data):
			add("tokenData %d must be 32 to 128 characters of A-Z a-z 0-9 + / = ~ . -; a token of scripts/token has a _", i+1)
		case slices.Contains(tokens, token.Data):
			add("tokenData %d is that of an earlier token", i+1)
		}
		names, tokens = append(names, token.Name), append(tokens, token.Data)
	}
	if !slices.ContainsFunc(config.Tokens, func(t bearerToken) bool { return t.Enable }) && len(config.Tokens) > 0 {
		add("enables no token, so nobody could ask")
	}
	return problems
}

// parseBearerConfig reads the JSON object. Its errors repeat nothing of the text.
func parseBearerConfig(text string) (config bearerConfig, err error) {
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.DisallowUnknownFields()
	err = decoder.Decode(&config)
	if err == nil {
		_, err = decoder.Token() // nothing may follow
	}
	if !errors.Is(err, io.EOF) {
		return config, errors.New(`is not a JSON object like {"tokens":[{"tokenName":"ci","tokenData":"...","enable":true}]}`)
	}
	return config, nil
}
