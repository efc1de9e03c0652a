package store

import (
	"database/sql/driver"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlitecode "modernc.org/sqlite/lib"
)

// Outcome is what an error says about the transaction that met it.
type Outcome uint8

const (
	// Done means there was no error.
	Done Outcome = iota
	// Refused means that nothing was changed, and that the same again would fail again.
	Refused
	// TryAgain means that nothing was changed, and that the same may succeed later.
	TryAgain
	// Unknown means that nobody can tell from here: look whether the rows are there, never just repeat.
	Unknown
)

func (o Outcome) String() string {
	return [...]string{"done", "refused", "try again", "unknown"}[o]
}

// CommitError is an error of the commit itself, as opposed to one of a statement before it.
type CommitError struct{ Err error }

func (e *CommitError) Error() string { return e.Err.Error() }

// Unwrap returns the database's error.
func (e *CommitError) Unwrap() error { return e.Err }

// OutcomeOf tells what an error of a transaction means. A PostgreSQL statement outside a transaction commits itself,
// so an error of its connection is an unknown outcome; a SQLite statement must be in one, and then only CommitError is.
func OutcomeOf(err error) Outcome {
	if err == nil {
		return Done
	}
	if _, ok := errors.AsType[*brokenError](err); ok {
		return TryAgain
	}
	_, inCommit := errors.AsType[*CommitError](err)
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return sqliteOutcome(e.Code()&0xff, inCommit)
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok || pgconn.SafeToRetry(err) {
		return TryAgain
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return postgresOutcome(e)
	}
	if errors.Is(err, driver.ErrBadConn) && !inCommit {
		return TryAgain
	}
	return Unknown
}

// sqliteOutcome: a commit that was busy changed nothing, nor did one that ran out of disk, since the frame that makes the
// others count is written last. Any other failed commit may have left its frames in the log, from which they could come
// back after a crash.
func sqliteOutcome(code int, inCommit bool) Outcome {
	switch {
	case code == sqlitecode.SQLITE_BUSY || code == sqlitecode.SQLITE_LOCKED || code == sqlitecode.SQLITE_FULL:
		return TryAgain
	case inCommit:
		return Unknown
	case code == sqlitecode.SQLITE_IOERR || code == sqlitecode.SQLITE_NOMEM ||
		code == sqlitecode.SQLITE_INTERRUPT || code == sqlitecode.SQLITE_PROTOCOL:
		return TryAgain
	default:
		return Refused
	}
}

// postgresOutcome: an ERROR comes from a server that lives and has rolled back; FATAL and PANIC end the session, and
// then the commit may have been written already.
func postgresOutcome(e *pgconn.PgError) Outcome {
	if severity := e.SeverityUnlocalized; severity == "FATAL" || severity == "PANIC" || e.Code == "40003" {
		return Unknown
	}
	switch class := e.Code[:min(2, len(e.Code))]; {
	case class == "08": // the connection failed
		return Unknown
	case class == "40" || class == "53" || class == "57": // rolled back by others, resources, operator
		return TryAgain
	case e.Code == "55P03" || e.Code == "25006": // a lock was not to be had; a standby that is not yet promoted
		return TryAgain
	default:
		return Refused
	}
}

// IsDuplicate says whether an error means that a row with the same key exists.
func IsDuplicate(err error) bool {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() == sqlitecode.SQLITE_CONSTRAINT_PRIMARYKEY || e.Code() == sqlitecode.SQLITE_CONSTRAINT_UNIQUE ||
			e.Code() == sqlitecode.SQLITE_CONSTRAINT_ROWID
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "23505"
	}
	return false
}

// IsDamaged says whether an error means that SQLite found its file damaged.
func IsDamaged(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return false
	}
	code := e.Code() & 0xff
	return code == sqlitecode.SQLITE_CORRUPT || code == sqlitecode.SQLITE_NOTADB
}
