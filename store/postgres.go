package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

// minPostgres is the oldest server we test against.
const minPostgres = 150000

// Settings of every session unless the DSN says otherwise. No session may hold others up for ever.
var sessionSettings = map[string]string{
	"application_name":                    "longmen",
	"timezone":                            "UTC",
	"lock_timeout":                        "10s",
	"idle_in_transaction_session_timeout": "60s",
}

// serverPromises are the settings without which a commit could be lost, with their good values.
var serverPromises = []struct {
	name   string
	good   []string
	advice string
}{
	{"fsync", []string{"on"}, "set fsync = on in postgresql.conf and restart the server"},
	{"full_page_writes", []string{"on"}, "set full_page_writes = on in postgresql.conf and reload the server"},
	{
		"synchronous_commit",
		[]string{"on", "remote_apply"},
		"set synchronous_commit = on in postgresql.conf, and RESET it for this role and database",
	},
}

func openPostgres(ctx context.Context, dsn string, readOnly bool, o options) (*DB, error) {
	name := redacted(dsn)
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	if !strings.Contains(dsn, "pool_max_conns") {
		config.MaxConns = int32(max(o.readers, 2)) // migrating takes two
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = 10 * time.Second
	}
	for k, v := range sessionSettings {
		if _, said := config.ConnConfig.RuntimeParams[k]; !said {
			config.ConnConfig.RuntimeParams[k] = v
		}
	}
	if readOnly {
		config.ConnConfig.RuntimeParams["default_transaction_read_only"] = "on"
	}
	// Every session is looked at, since the settings can change and the server behind the name as well.
	config.ConnConfig.OnNotice = noteWarning
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error { return checkServer(ctx, conn, readOnly) }
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	db := &DB{dialect: Postgres, readOnly: readOnly, name: name, pool: pool}
	db.writer = stdlib.OpenDBFromPool(pool)
	db.reader = db.writer
	return db, nil
}

// checkServer refuses a session on a server that is too old, a standby, or set up to forget.
func checkServer(ctx context.Context, conn *pgx.Conn, readOnly bool) error {
	var version int
	var standby bool
	values := make([]string, len(serverPromises))
	into := []any{&version, &standby}
	query := "SELECT current_setting('server_version_num')::int, pg_is_in_recovery()"
	for i, p := range serverPromises {
		query += ", current_setting('" + p.name + "')"
		into = append(into, &values[i])
	}
	if err := conn.QueryRow(ctx, query, pgx.QueryExecModeSimpleProtocol).Scan(into...); err != nil {
		return fmt.Errorf("read the server's settings: %w", err)
	}
	if version < minPostgres {
		return fmt.Errorf("the server is PostgreSQL %d, at least %d is needed: upgrade the server", version/10000, minPostgres/10000)
	}
	if readOnly {
		return nil
	}
	if standby {
		return errors.New("the server is a standby and cannot be written: name the primary, or all servers with target_session_attrs=read-write")
	}
	for i, p := range serverPromises {
		if !slices.Contains(p.good, values[i]) {
			return fmt.Errorf("setting %s is %q, it must be %s: %s", p.name, values[i], strings.Join(p.good, " or "), p.advice)
		}
	}
	return nil
}

const warningKey = "longmen warning"

// noteWarning keeps a server's warning with its session. PostgreSQL reports a commit as done, with a warning, when
// somebody cancels its wait for the standby.
func noteWarning(conn *pgconn.PgConn, notice *pgconn.Notice) {
	if notice.SeverityUnlocalized == "WARNING" {
		conn.CustomData()[warningKey] = notice.Message
	}
}

// TakeWarning returns the last warning of a session since it was asked, empty if there was none.
func TakeWarning(conn *pgx.Conn) string {
	data := conn.PgConn().CustomData()
	warning, _ := data[warningKey].(string)
	delete(data, warningKey)
	return warning
}
