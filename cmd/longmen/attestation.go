package main

import "github.com/spf13/cobra"

// attestation is what of an attestation is shown.
type attestation struct {
	ID, Party, About, Level, Source, Voucher, From, Until, Revoked, Reason string
}

func (c *client) showAttestation(text []byte, a *attestation) error {
	return c.show(text, func() error {
		return pairs(c.out, "attestation", a.ID, "party", a.Party, "about", a.About, "level", a.Level, "source", a.Source, "voucher", a.Voucher,
			"from", a.From, "until", a.Until, "revoked", a.Revoked, "reason", a.Reason)
	})
}

func newPartyAttestation() *cobra.Command {
	c := &cobra.Command{Use: "attestation", Short: "Give, list and revoke what is vouched for about parties", Args: cobra.NoArgs, RunE: help}
	c.AddCommand(newAttestationGive(), newAttestationList(), newAttestationRevoke())
	return c
}

func newAttestationGive() *cobra.Command {
	m := &making{}
	c := reader("give PARTY ABOUT LEVEL", "Vouch for something about a party", "  longmen party attestation give "+anID+" identity verified --source id-card --until 2027-01-01T00:00:00Z",
		cobra.ExactArgs(3), func(c *cobra.Command) {
			m.flags(c, map[string]string{
				"source": "where it comes from, a code", "voucher": "the party that vouches for it, if the source alone does not say",
				"from": "the instant from which it holds (now)", "until": "the first instant at which it no longer holds",
			})
		}, func(c *client, args []string) error {
			var a attestation
			text, err := m.send(c, path("parties", args[0], "attestations"), fields{"about": args[1], "level": args[2]}, &a)
			if err != nil {
				return err
			}
			return c.showAttestation(text, &a)
		})
	_ = c.MarkFlagRequired("source")
	return c
}

func newAttestationList() *cobra.Command {
	p, about, holds := &page{}, "", false
	return reader("list PARTY", "List what is vouched for about a party", "  longmen party attestation list "+anID+" --about identity --holds", cobra.ExactArgs(1),
		func(c *cobra.Command) {
			c.Flags().StringVar(&about, "about", "", "only about this")
			c.Flags().BoolVar(&holds, "holds", false, "only those that hold now")
			p.flags(c)
		}, func(c *client, args []string) error {
			query := p.query()
			if about != "" {
				query.Set("about", about)
			}
			if holds {
				query.Set("holds", "true")
			}
			return listing(c, p, path("parties", args[0], "attestations"), query, "attestations",
				newTable("ID", "ABOUT", "LEVEL", "SOURCE", "FROM", "UNTIL", "REVOKED", "REASON"), func(t *table, a attestation) {
					t.add(a.ID, a.About, a.Level, a.Source, a.From, a.Until, a.Revoked, a.Reason)
				})
		})
}

func newAttestationRevoke() *cobra.Command {
	reason := ""
	c := reader("revoke ATTESTATION", "Say that an attestation no longer holds", "  longmen party attestation revoke "+anID+" --reason document-expired", cobra.ExactArgs(1),
		func(c *cobra.Command) { c.Flags().StringVar(&reason, "reason", "", "why, a code") }, func(c *client, args []string) error {
			var a attestation
			text, err := c.post(path("attestations", args[0], "revoke"), "", fields{"reason": reason}, &a)
			if err != nil {
				return err
			}
			return c.showAttestation(text, &a)
		})
	_ = c.MarkFlagRequired("reason")
	return c
}
