// Package market is the script of the play: which loans there are, who bids on them, who pays when, and what goes
// wrong. Everything follows from the loans' rows and the number of investors, so that two runs are the same and the
// recount can work from the same list of events.
//
// The package knows nothing of the ledger.
package market

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// CentsPerUnit is what one unit of a loan costs: the loans are in whole dollars, a unit is a dollar.
const CentsPerUnit = 100

// Loan is one row of the data and what the play makes of it.
type Loan struct {
	Number int    // row of the data, from 1
	Units  int64  // amount in dollars
	Rate   int64  // nominal, a year, in hundredths of a percent
	Term   int    // months
	Grade  string // e.g. C3
	Bad    bool

	Listed   int // month in which it is listed and funded
	Stops    int // payments after which nothing more comes; Term if it pays to the end
	Payments []Payment
}

// Amount is what the borrower gets, in cents.
func (l *Loan) Amount() int64 { return l.Units * CentsPerUnit }

// columns that are read, by their names in the header.
var columns = []string{"funded_amnt", "term", "int_rate", "sub_grade", "Class"}

// Read takes the first loans of the data, all of them if most is 0.
func Read(data []byte, most int) ([]*Loan, error) {
	r := csv.NewReader(bytes.NewReader(data))
	header, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("read the header of the loans: %w", err)
	}
	at := make([]int, len(columns))
	for i, name := range columns {
		if at[i] = slices.Index(header, name); at[i] < 0 {
			return nil, fmt.Errorf("read the header of the loans: there is no column %s", name)
		}
	}
	var loans []*Loan
	for most == 0 || len(loans) < most {
		row, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read loan %d: %w", len(loans)+1, err)
		}
		fields := make([]string, len(at))
		for i, column := range at {
			fields[i] = row[column]
		}
		l, err := parse(len(loans)+1, fields)
		if err != nil {
			return nil, fmt.Errorf("read loan %d: %w", len(loans)+1, err)
		}
		loans = append(loans, l)
	}
	if len(loans) == 0 {
		return nil, fmt.Errorf("there are no loans")
	}
	return loans, nil
}

// most that a row may say; the ledger's own limits are far beyond.
const (
	mostUnits = 1_000_000
	mostRate  = 100_00
	mostTerm  = 120
)

func parse(number int, fields []string) (*Loan, error) {
	l := &Loan{Number: number, Grade: fields[3], Bad: fields[4] == "bad"}
	var err error
	if l.Units, err = strconv.ParseInt(fields[0], 10, 64); err != nil || l.Units < 1 || l.Units > mostUnits {
		return nil, fmt.Errorf("amount %q is no whole number of dollars from 1 to %d", fields[0], mostUnits)
	}
	months, ok := strings.CutPrefix(fields[1], "term_")
	if l.Term, err = strconv.Atoi(months); !ok || err != nil || l.Term < 1 || l.Term > mostTerm {
		return nil, fmt.Errorf("term %q is none of 1 to %d months", fields[1], mostTerm)
	}
	if l.Rate, err = hundredths(fields[2]); err != nil || l.Rate < 0 || l.Rate > mostRate {
		return nil, fmt.Errorf("rate %q is no percentage from 0 to 100 with at most two decimals", fields[2])
	}
	if fields[4] != "bad" && fields[4] != "good" {
		return nil, fmt.Errorf("class %q is neither good nor bad", fields[4])
	}
	return l, nil
}

// hundredths reads a decimal with at most two digits after the point.
func hundredths(s string) (int64, error) {
	whole, digits, _ := strings.Cut(s, ".")
	if len(digits) > 2 {
		return 0, fmt.Errorf("%q has more than two decimals", s)
	}
	return strconv.ParseInt(whole+digits+"00"[len(digits):], 10, 64)
}
