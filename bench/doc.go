// Package bench measures Longmen as a user meets it: the served program through its doors, the library in process, and
// what the machine spends on it. Each scenario is a row of the table that the project promises to keep.
//
// Rates are taken in a closed loop: every client sends its next request when the last one is answered. Latencies at a
// rate are taken in an open loop: requests fall due by a schedule, whatever the server does, and each is timed from the
// moment it was due, so a stall counts for all who would have come meanwhile. Some latencies come from a closed loop,
// where a stall counts once for each client, and say so: of distributions to very many holders, of questions about the
// past, of overdue loans, all three from one client alone, of overviews from one and from several, and of bids that come
// as fast as they can. Clients run on the same machine and share its processors with the server; what they use is reported
// beside what the server uses.
//
// The package must not know how a figure could be improved: it only says what it is, and how it was measured.
package bench
