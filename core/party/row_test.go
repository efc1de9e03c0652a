package party

import (
	"bytes"
	"crypto/rand"
	"database/sql"
	"slices"
	"strings"
	"testing"

	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store/storetest"
)

// What belongs to one is found without a look at what belongs to others, however many there are.
func TestListsOfOneReadNoOthers(t *testing.T) {
	db := storetest.SQLite(t)
	if _, err := Open(t.Context(), db, Options{Clock: clock.Real{}, Random: rand.Reader, LookupKey: bytes.Repeat([]byte{7}, KeySize)}); err != nil {
		t.Fatal(err)
	}
	of := func(table, column string) *where { return new(where).of(table, column, id.ID{}, id.ID{}) }
	for index, statement := range map[string]string{
		"party_attestation_party": attestations.page(of("party_attestation", "party")),
		"party_grant_principal":   grants.page(of("party_grant", "principal")),
		"party_grant_party":       grants.page(of("party_grant", "party")),
		"party_identifier_party":  identifiers.page(of("party_identifier", "party")),
		"party_principal_person":  principals.page(of("party_principal", "person")),
		"party_role_party":        roles.page(of("party_role", "party")),
		"party_token_principal":   tokens.page(of("party_token", "principal")),
	} {
		err := db.Read(t.Context(), func(tx *sql.Tx) error {
			rows, err := tx.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+statement, slices.Repeat([]any{[]byte{}}, strings.Count(statement, "?"))...)
			if err != nil {
				return err
			}
			defer rows.Close()
			var steps []string
			for rows.Next() {
				var number, parent, unused int
				var step string
				if err := rows.Scan(&number, &parent, &unused, &step); err != nil {
					return err
				}
				steps = append(steps, step)
			}
			if plan := strings.Join(steps, "; "); !strings.Contains(plan, "INDEX "+index+" ") || strings.Contains(plan, "SCAN") || !strings.Contains(plan, "id=?") {
				t.Errorf("%s: %s", index, plan)
			}
			return rows.Err()
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
