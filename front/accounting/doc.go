// Package accounting keeps the books of the platform for those outside: the chart that gives account codes of a ledger
// their codes in a general ledger, periods that are closed, corrections of what lies in them, and the export of daily
// totals.
//
// Nothing waits for any of it: an export reads what history has, a period is closed beside the traffic. Once it is, an
// entry that counts from a day inside is refused. What has to be put right there is booked in the open period, by a
// command that names the day it corrects; such commands are listed.
//
// A chart and a closing are proposed by one person and approved by another. A chart holds from a day after its approval
// on, so what was exported before stays what it is, to the byte. A code that the chart of a day lacks comes from the first later
// chart that has it.
//
// What the platform has itself is valued at a day that somebody chooses: how much has accrued, which part of fees is tax,
// what is impaired. One command books what differs from what is booked, so the accounts show the last valuation.
//
// The package must not know what the money was for, how a claim is computed, which product an account belongs
// to, or how a general ledger is kept.
package accounting
