// Package message holds texts for people that can be shown in several languages. Programs and
// logs get them in English.
//
// A text is a template with its arguments. Templates are constants, so that a test finds all
// of them and their translations.
package message
