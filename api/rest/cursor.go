package rest

import (
	"context"
	"encoding/base64"
	"encoding/binary"
)

// Each list has a number, which its cursors begin with: a cursor of one list is refused by every other.
const (
	listOfAccounts = iota + 1
	listOfRegisters
	listOfHolders
	listOfHoldings
	listOfEntries
	listOfStatement
	listOfEffective
	listOfDistributions
	listOfLines
	listOfDayCommands
	listOfParties
	listOfDebts
	listOfProposals
	listOfOrders
	listOfSteps
	listOfListings
	listOfBids
	listOfMandates
	listOfLoanEvents
	listOfOverdue
	listOfProducts
	listOfVersions
	listOfCharts
	listOfCorrections
	listOfJobs
	listOfNotices
	listOfWaitingPayouts
	listOfTasks
	listOfOwnedTasks
	listOfCollectionEntries
	listOfClaimSales
	listOfClaimTrades
	listOfHolderPayments
	listOfApplications
	listOfValuations
	listOfValuationLines
	listOfCalendars
	listOfClaimNotes
	listOfSuspected
	listOfMandateBids
)

// cursor makes the opaque form of a place in a list.
func cursor(list byte, place []byte) string {
	if len(place) == 0 {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(append([]byte{list}, place...))
}

// place reads a cursor of this list, nil for the first page.
func (s *server) place(ctx context.Context, list byte, cursor string) ([]byte, error) {
	if cursor == "" {
		return nil, nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(b) < 2 || b[0] != list {
		return nil, s.strange(ctx)
	}
	return b[1:], nil
}

func numberCursor(list byte, n uint64) string {
	if n == 0 {
		return ""
	}
	return cursor(list, binary.AppendUvarint(nil, n))
}

// number reads a cursor that is the number of an account or the like, 0 for the first page.
func (s *server) number(ctx context.Context, list byte, cursor string) (uint64, error) {
	n, err := s.sequence(ctx, list, cursor)
	if err == nil && n > 1<<32-1 {
		return 0, s.strange(ctx)
	}
	return n, err
}

// sequence reads a cursor that is a sequence, 0 for the first page.
func (s *server) sequence(ctx context.Context, list byte, cursor string) (uint64, error) {
	b, err := s.place(ctx, list, cursor)
	if b == nil || err != nil {
		return 0, err
	}
	n, size := binary.Uvarint(b)
	if size != len(b) {
		return 0, s.strange(ctx)
	}
	return n, nil
}

func (s *server) strange(ctx context.Context) error {
	return s.fault(ctx, badCursor, "query.cursor", "is not a next of this list; leave it out to begin anew")
}
