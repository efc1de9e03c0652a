package notice

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Prefer keeps which kinds of notices a party wants over which channels, and in which language, unless that is empty: all
// of it or nothing. What must be told can't be turned off.
func (o *Outbox) Prefer(ctx context.Context, tenant, party id.ID, language string, list ...Preference) error {
	for i, p := range list {
		k, known := o.Kinds[p.Kind]
		if !known || !slices.Contains(k.Channels, p.Channel) {
			return errs.Invalid.Errorf("there are no notices of kind %q over channel %q", p.Kind, p.Channel).On(fmt.Sprintf("preferences[%d]", i))
		}
		if k.Must && !p.Wanted {
			return errs.Forbidden.Errorf("notices of kind %q can't be turned off", p.Kind).On(fmt.Sprintf("preferences[%d]", i))
		}
	}
	if len(language) > maxLanguage {
		return errs.Invalid.Errorf("want at most %d characters", maxLanguage).On("language")
	}
	return o.db.Write(ctx, func(tx *sql.Tx) error {
		for _, p := range list {
			if _, err := tx.ExecContext(ctx, o.db.Rebind(`INSERT INTO notice_preference (tenant, party, kind, channel, wanted) VALUES (?, ?, ?, ?, ?)
				ON CONFLICT (tenant, party, kind, channel) DO UPDATE SET wanted = excluded.wanted`), tenant[:], party[:], p.Kind, p.Channel, p.Wanted); err != nil {
				return fmt.Errorf("keep preference: %w", err)
			}
		}
		if language == "" {
			return nil
		}
		if _, err := tx.ExecContext(ctx, o.db.Rebind(`INSERT INTO notice_language (tenant, party, language) VALUES (?, ?, ?)
			ON CONFLICT (tenant, party) DO UPDATE SET language = excluded.language`), tenant[:], party[:], language); err != nil {
			return fmt.Errorf("keep language: %w", err)
		}
		return nil
	})
}

// Preference is whether a party gets a kind of notice over a channel.
type Preference struct {
	Kind, Channel string
	Wanted        bool
	Must          bool // it can't be turned off
}

// Preferences lists what a party gets, by kind and channel.
func (o *Outbox) Preferences(ctx context.Context, tenant, party id.ID) (list []Preference, err error) {
	for _, kind := range slices.Sorted(maps.Keys(o.Kinds)) {
		said, _, err := o.wishes(ctx, o.db.Reader(), tenant, party, kind)
		if err != nil {
			return nil, err
		}
		k := o.Kinds[kind]
		for _, channel := range k.Channels {
			on, known := said[channel]
			list = append(list, Preference{Kind: kind, Channel: channel, Wanted: k.Must || !known || on, Must: k.Must})
		}
	}
	return list, nil
}

// wishes gives what a party has said of a kind, by channel, and its language, "" if it has not said.
func (o *Outbox) wishes(ctx context.Context, q querier, tenant, party id.ID, kind string) (said map[string]bool, language string, err error) {
	rows, err := q.QueryContext(ctx, o.db.Rebind(`SELECT channel, wanted, '' FROM notice_preference WHERE tenant = ? AND party = ? AND kind = ?
		UNION ALL SELECT '', TRUE, language FROM notice_language WHERE tenant = ? AND party = ?`), tenant[:], party[:], kind, tenant[:], party[:])
	if err != nil {
		return nil, "", fmt.Errorf("read preferences: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	said = map[string]bool{}
	for rows.Next() {
		var channel, spoken string
		var on bool
		if err := rows.Scan(&channel, &on, &spoken); err != nil {
			return nil, "", fmt.Errorf("read preferences: %w", err)
		}
		if channel == "" {
			language = spoken
		} else {
			said[channel] = on
		}
	}
	return said, language, rows.Err()
}

// maxLanguage bounds the name of a language.
const maxLanguage = 8

// Language tells in which language a party wants to be told, "" if it has not said.
func (o *Outbox) Language(ctx context.Context, tenant, party id.ID) (language string, err error) {
	err = o.db.Reader().QueryRowContext(ctx, o.db.Rebind("SELECT language FROM notice_language WHERE tenant = ? AND party = ?"),
		tenant[:], party[:]).Scan(&language)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read language: %w", err)
	}
	return language, nil
}
