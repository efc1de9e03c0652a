// Package message has the texts of notices in Chinese and English, for short messages, mail and the app: which kinds
// there are, what each has to be told, and how money and dates look in each language.
//
// A text file is one kind in one language; it defines a template for each channel. What a kind is told is checked when
// it is told, with every text made once: so nothing is missing or too long when it is sent.
//
// The package must not know when something is told, to whom, or how a channel sends.
package message
