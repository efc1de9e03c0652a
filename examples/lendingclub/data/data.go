// Package data holds the loans that the example plays. See README.md in this folder for source and licence.
package data

import _ "embed"

// Loans is lending_club.csv: a header and one loan a line.
//
//go:embed lending_club.csv
var Loans []byte
