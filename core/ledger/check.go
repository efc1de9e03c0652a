package ledger

import "fmt"

// Check reports what is wrong with a command whatever the ledger's state: fields out of range, addresses out of form,
// too many parts. What fails here is refused at the door, is not journaled and uses no id. The error is a *Refusal
// that names the operation.
func (c *Command) Check() error {
	if err := c.checkParts(); err != nil {
		return err
	}
	if u, ok := c.Operations[0].(*Upgrade); ok && u.Version > Version { // else the journal would hold a refusal that a newer program takes back
		return refuse(Malformed, 0, "upgrade: version: this program knows none above %d", Version)
	}
	if n := c.size(); n > MaxCommand {
		return refuse(Oversized, 0, "command has %d bytes, at most %d are allowed", n, MaxCommand)
	}
	return nil
}

// size is the length of the canonical bytes, cheap for small commands.
func (c *Command) size() int {
	const envelope, operation = 256 + MaxReferences*18, 18_000
	if n := envelope + len(c.Operations)*operation; n < MaxCommand {
		return n
	}
	return len(AppendCommand(nil, c))
}

func (c *Command) checkParts() error {
	if v := c.ID[6] >> 4; v != 7 && v != 8 || c.ID[8]>>6 != 2 {
		return refuse(Malformed, 0, "id %v is no UUID of version 7 or 8", c.ID)
	}
	if c.Effective < 0 || c.Effective > MaxDate {
		return refuse(Malformed, 0, "effective: date is outside 1900-01-01 to 2999-12-31")
	}
	if n := len(c.References); n > MaxReferences {
		return refuse(TooMany, 0, "references: %d, at most %d are allowed", n, MaxReferences)
	}
	if len(c.Operations) == 0 {
		return refuse(Malformed, 0, "operations: a command needs at least one")
	}
	if n := len(c.Operations); n > MaxOperations {
		return refuse(TooMany, 0, "operations: %d, at most %d are allowed", n, MaxOperations)
	}
	distributing, sum := false, int64(0)
	var corrected map[[2]uint64]bool
	for i, op := range c.Operations {
		if op == nil {
			return refuse(Malformed, i, "operation is missing")
		}
		if err := op.check(); err != nil {
			if r, ok := err.(*Refusal); ok {
				r.Index = uint16(i)
				return r
			}
			return refuse(Malformed, i, "%s: %v", op.Kind(), err)
		}
		switch op.Kind() {
		case KindOpenLedger, KindLead, KindPulse, KindUpgrade, KindAdvance, KindReverse:
			if len(c.Operations) > 1 {
				return refuse(Malformed, i, "%s stands alone in its command", op.Kind())
			}
		case KindDistribute:
			distributing = true
			for _, a := range op.(*Distribute).Amounts {
				if sum += a; sum > maxDistributed {
					return refuse(Malformed, i, "amounts: all distributions of a command together are more than 4·10^18")
				}
			}
		case KindCorrect:
			// Each once: so what a command is told of the past bounds its lines.
			o := op.(*Correct)
			key := [2]uint64{o.Sequence, uint64(o.Index)}
			if corrected[key] {
				return refuse(Malformed, i, "sequence: distribution %d of command %d is corrected before in this command", o.Index, o.Sequence)
			}
			if corrected == nil {
				corrected = map[[2]uint64]bool{}
			}
			corrected[key] = true
		}
		if distributing && op.Kind() != KindDistribute {
			return refuse(Malformed, i, "%s follows a distribute: distributions stand last", op.Kind())
		}
	}
	return nil
}

// maxDistributed bounds what one command distributes, so that no account it names overflows half way.
const maxDistributed = 4 * MaxAmount

// Internal reports whether only the sequencer may write such a command.
func (c *Command) Internal() bool {
	switch c.Operations[0].Kind() {
	case KindOpenLedger, KindLead, KindPulse:
		return true
	}
	return false
}

func checkAmount(field string, a int64) error {
	if a <= 0 || a > MaxAmount {
		return fmt.Errorf("%s: %d is not between 1 and 10^18", field, a)
	}
	return nil
}

func checkUnits(field string, u, most uint64) error {
	if u == 0 || u > most {
		return fmt.Errorf("%s: %d is not between 1 and %d", field, u, most)
	}
	return nil
}

func checkAddresses(pairs ...string) error {
	for i := 0; i < len(pairs); i += 2 {
		if err := CheckAddress(pairs[i+1]); err != nil {
			return fmt.Errorf("%s: %w", pairs[i], err)
		}
	}
	return nil
}

func checkRange[T ~uint8](field string, v, most T) error {
	if v < 1 || v > most {
		return fmt.Errorf("%s: %d is not known", field, v)
	}
	return nil
}

func checkMark(field string, m Mark) error {
	if m.Command.IsZero() {
		return fmt.Errorf("%s: names no command", field)
	}
	return nil
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (o *OpenLedger) check() error {
	if o.Ledger.IsZero() || o.Zone == "" || len(o.Zone) > 64 {
		return fmt.Errorf("ledger needs an id and the name of a time zone")
	}
	return first(checkRange("clock", o.Clock, SimulatedClock), checkInstant("start", o.Start))
}

func (o *Lead) check() error {
	if o.Epoch == 0 || o.Node.IsZero() {
		return fmt.Errorf("lead needs an epoch and a node")
	}
	return nil
}

func (o *Pulse) check() error {
	if o.Limit == 0 || o.Limit > MaxPulse {
		return fmt.Errorf("limit: %d is not between 1 and %d", o.Limit, MaxPulse)
	}
	return nil
}

func (o *Upgrade) check() error {
	if o.Version == 0 {
		return fmt.Errorf("version: zero is none")
	}
	return nil
}

func (o *Advance) check() error { return checkInstant("to", o.To) }

// checkInstant bounds an instant to the years 1900 to 2999, so that dates and sums stay in range.
func checkInstant(field string, i Instant) error {
	const low, high = Instant(dayOneUnix) * 1_000_000, Instant(32503680000) * 1_000_000
	if i < low || i >= high {
		return fmt.Errorf("%s: instant is outside the years 1900 to 2999", field)
	}
	return nil
}

func checkExpiry(i Instant) error {
	if i == 0 {
		return nil
	}
	return checkInstant("expiry", i)
}

func (o *OpenAsset) check() error {
	if o.Scale > MaxScale {
		return fmt.Errorf("scale: %d, at most %d is allowed", o.Scale, MaxScale)
	}
	return checkAssetCode("code", o.Code)
}

func (o *OpenAccount) check() error {
	return first(checkAddresses("address", o.Address), checkAssetCode("asset", o.Asset), checkRange("side", o.Side, CreditNormal),
		checkRange("type", o.Type, Expense), checkRange("constraint", o.Constraint, Nonnegative))
}

func (o *OpenRegister) check() error {
	if n := len(o.Tranches); n == 0 || n > MaxTranches {
		return fmt.Errorf("tranches: %d, want 1 to %d", n, MaxTranches)
	}
	for i, t := range o.Tranches {
		if err := checkSegment(t); err != nil {
			return fmt.Errorf("tranches[%d]: %w", i, err)
		}
		for _, earlier := range o.Tranches[:i] {
			if earlier == t {
				return fmt.Errorf("tranches[%d]: %q stands there twice", i, t)
			}
		}
	}
	return first(checkAddresses("address", o.Address, "unclaimed", o.Unclaimed), checkAssetCode("asset", o.Asset),
		checkUnits("cap", o.Cap, MaxCap))
}

func (o *Transfer) check() error {
	if err := first(checkRange("mode", o.Mode, Received), checkAddresses("debit", o.Debit, "credit", o.Credit)); err != nil {
		return err
	}
	if o.Mode == Received {
		if o.Amount != 0 {
			return fmt.Errorf("amount: is what was received, so it can't be given")
		}
		return checkAddresses("received", o.Received)
	}
	if o.Received != "" {
		return fmt.Errorf("received: only a transfer of mode received has it")
	}
	return checkAmount("amount", o.Amount)
}

func (o *Hold) check() error {
	return first(checkAddresses("debit", o.Debit, "credit", o.Credit), checkAmount("amount", o.Amount), checkExpiry(o.Expiry))
}

func (o *Post) check() error {
	if o.Amount != 0 {
		if err := checkAmount("amount", o.Amount); err != nil {
			return err
		}
	}
	return checkMark("hold", o.Hold)
}

func (o *Void) check() error     { return checkMark("hold", o.Hold) }
func (o *Unfreeze) check() error { return checkMark("freeze", o.Freeze) }

func (o *Freeze) check() error {
	if err := first(checkAddresses("account", o.Account), checkRange("what", o.What, FreezeAmount)); err != nil {
		return err
	}
	if o.What == FreezeAmount {
		return checkAmount("amount", o.Amount)
	}
	if o.Amount != 0 {
		return fmt.Errorf("amount: only a freeze of an amount has it")
	}
	return nil
}

func (o *Issue) check() error {
	return first(checkAddresses("register", o.Register, "account", o.Account), checkUnits("units", o.Units, MaxUnits))
}

func (o *Move) check() error {
	return first(checkAddresses("register", o.Register, "from", o.From, "to", o.To), checkUnits("units", o.Units, MaxUnits))
}

func (o *Cancel) check() error {
	if o.Account == "" {
		if o.Units != 0 {
			return fmt.Errorf("units: all units of the register are cancelled when no account is named")
		}
		return checkAddresses("register", o.Register)
	}
	return first(checkAddresses("register", o.Register, "account", o.Account), checkUnits("units", o.Units, MaxUnits))
}

func (o *HoldUnits) check() error {
	return first(checkAddresses("register", o.Register, "account", o.Account), checkUnits("units", o.Units, MaxUnits),
		checkExpiry(o.Expiry))
}

func (o *Distribute) check() error {
	if n := len(o.Amounts); n == 0 || n > MaxTranches {
		return fmt.Errorf("amounts: %d, want one for each tranche of the register", n)
	}
	sum := int64(0)
	for i, a := range o.Amounts {
		if a < 0 || a > MaxAmount || sum+a > MaxAmount {
			return fmt.Errorf("amounts[%d]: %d: each and their sum must be between 0 and 10^18", i, a)
		}
		sum += a
	}
	if sum == 0 {
		return fmt.Errorf("amounts: all are zero")
	}
	if err := checkDeductions(o.Deductions, len(o.Amounts)); err != nil {
		return err
	}
	return checkAddresses("register", o.Register, "payer", o.Payer)
}

// checkDeductions checks what is taken from the lines of so many tranches.
func checkDeductions(list []Deduction, tranches int) error {
	if n := len(list); n > MaxDeductions {
		return refuse(TooMany, 0, "deductions: %d, at most %d are allowed", n, MaxDeductions)
	}
	for i, d := range list {
		if d.Rate == 0 || d.Rate > 1_000_000 || int(d.Tranche) >= tranches {
			return fmt.Errorf("deductions[%d]: rate must be 1 to 1000000 ppm and the tranche one of the amounts", i)
		}
		if err := CheckAddress(d.Account); err != nil {
			return fmt.Errorf("deductions[%d].account: %w", i, err)
		}
		for _, earlier := range list[:i] {
			if earlier.Tranche == d.Tranche && earlier.Class == d.Class {
				return fmt.Errorf("deductions[%d]: tranche %d and class %d have one already", i, d.Tranche, d.Class)
			}
		}
	}
	return nil
}

func (o *Claim) check() error {
	if o.Amount != 0 {
		if err := checkAmount("amount", o.Amount); err != nil {
			return err
		}
	}
	return checkAddresses("register", o.Register, "holder", o.Holder, "to", o.To)
}

func (o *Reverse) check() error {
	if o.Sequence == 0 {
		return fmt.Errorf("sequence: zero is none")
	}
	return checkCover(o.Mode, o.Cover)
}

// checkCover checks the mode of an undoing, and that there is a cover account where it asks for one.
func checkCover(m ReverseMode, cover string) error {
	if m == OweShortfall {
		return checkAddresses("cover", cover)
	}
	if cover != "" {
		return fmt.Errorf("cover: only mode owe has it")
	}
	return checkRange("mode", m, OweShortfall)
}

func (o *ReverseLine) check() error {
	if o.Sequence == 0 {
		return fmt.Errorf("sequence: zero is none")
	}
	return first(checkAddresses("account", o.Account), checkCover(o.Mode, o.Cover))
}

func (o *Correct) check() error {
	if o.Sequence == 0 {
		return fmt.Errorf("sequence: zero is none")
	}
	if n := len(o.Amounts); n == 0 || n > MaxTranches {
		return fmt.Errorf("amounts: %d, want one for each tranche of the register", n)
	}
	sum := int64(0)
	for i, a := range o.Amounts {
		if a < -MaxAmount || a > MaxAmount || sum+max(a, -a) > MaxAmount {
			return fmt.Errorf("amounts[%d]: %d: each and their sum, without signs, must be at most 10^18", i, a)
		}
		sum += max(a, -a)
	}
	if sum == 0 {
		return fmt.Errorf("amounts: all are zero")
	}
	if err := checkDeductions(o.Deductions, len(o.Amounts)); err != nil {
		return err
	}
	return first(checkAddresses("payer", o.Payer), checkCover(o.Mode, o.Cover))
}

func (o *Settle) check() error {
	if o.Amount != 0 {
		if err := checkAmount("amount", o.Amount); err != nil {
			return err
		}
	}
	return checkAddresses("account", o.Account, "cover", o.Cover, "payer", o.Payer)
}
