// Package message holds texts for people that can be shown in several languages: errors, hints
// and the texts of pages. Programs and logs get them in English. The messages that receivers get
// are in notify/message.
//
// A text is a template with its arguments. Templates are constants, so that a test finds all
// of them and their translations.
package message
