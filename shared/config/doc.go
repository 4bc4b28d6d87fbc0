// Package config reads the settings of both functions from the environment.
//
// It checks every setting at start and reports all faults at once: the setting, its
// value, the reason and what is allowed. It never shows the value of a secret. An
// empty setting counts as absent, because deployment templates pass optional
// parameters that way. In lists, spaces around an element and repeated elements do
// not matter; an empty element is a fault.
package config
