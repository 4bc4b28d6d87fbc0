// Package config reads the settings of both functions from the environment.
//
// It promises that every setting is checked at start, that all faults are
// reported at once, each with the setting, its value, the reason and what is
// allowed, and that the value of a secret is never shown. A setting that is
// present but empty counts as absent, since deployment templates pass optional
// parameters that way. In lists, spaces around an element and repeated
// elements do not matter; an empty element does.
package config
