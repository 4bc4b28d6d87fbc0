// Package budget bounds the time that one lookup spends with reads of the store.
package budget
