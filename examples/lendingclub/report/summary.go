// Package report shows what a run came to: for people as text of at most 100 columns, for programs as JSON.
//
// The package knows nothing of where the figures come from.
package report

// Summary is everything that is shown. Amounts are in cents.
type Summary struct {
	Loans     int   `json:"loans"`
	Good      int   `json:"good"`
	Bad       int   `json:"bad"`
	Lent      int64 `json:"lent"`
	Investors int   `json:"investors"`
	Deposited int64 `json:"deposited"`

	From   string `json:"from"`  // first month, 2021-01
	Until  string `json:"until"` // last month
	Months int    `json:"months"`

	Commands   int64   `json:"commands"`
	Bids       int64   `json:"bids"`
	BidSeconds float64 `json:"bid_seconds"`
	Sales      int64   `json:"sales"`
	Repayments int64   `json:"repayments"`
	Credits    int64   `json:"investor_credits"`
	Repaying   float64 `json:"repaying_seconds"` // time in which nothing else was done

	Trial      []TrialLine `json:"trial_balance"`
	Difference int64       `json:"trial_balance_difference"` // debits less credits
	Custody    int64       `json:"custody_cash"`
	Clients    int64       `json:"client_money"`

	Recount Recount `json:"recount"`
	Frozen  *Frozen `json:"frozen,omitempty"`
	Recall  *Recall `json:"recall,omitempty"`

	Loan      Loan      `json:"loan"`
	Statement Statement `json:"statement"`
	Verify    Verify    `json:"verify"`
	Phases    []Phase   `json:"phases"`
	Seconds   float64   `json:"seconds"`
}

// Sound reports whether everything that was checked is as it should be.
func (s *Summary) Sound() bool {
	r := &s.Recount
	return s.Difference == 0 && s.Custody == s.Clients && r.Wrong == 0 && r.Simple.Cents < 1 && s.Verify.Passed
}

// TrialLine is a line of the trial balance.
type TrialLine struct {
	Code    uint32 `json:"code"`
	Name    string `json:"name"`
	Debits  int64  `json:"debits"`
	Credits int64  `json:"credits"`
}

// Recount says how the ledger stands beside the independent recount.
type Recount struct {
	Accounts int      `json:"accounts"`
	Holdings int      `json:"holdings"`
	Wrong    int      `json:"wrong"`
	First    []string `json:"first,omitempty"` // of what is wrong, in words
	Simple   Distance `json:"unchanged_dumb_check"`
	Checked  int      `json:"unchanged_holdings"` // by the dumb check
	Plain    Distance `json:"unchanged"`
	Traded   Distance `json:"changed"`
	Registers
}

// Registers counts those whose units never changed and the others.
type Registers struct {
	Unchanged int `json:"unchanged_registers"`
	Changed   int `json:"changed_registers"`
}

// Distance is the largest one of a payment from the exact share.
type Distance struct {
	Cents float64 `json:"cents"`
	Exact string  `json:"exact"` // parts/of
}

// Frozen is the investor whose account took no credit.
type Frozen struct {
	Account   string `json:"account"`
	Since     string `json:"since"`
	Lines     int64  `json:"lines"`
	Unclaimed int64  `json:"unclaimed"`
}

// Recall is the payment that was taken back.
type Recall struct {
	Loan      int    `json:"loan"`
	Number    int    `json:"number"`
	Month     string `json:"month"`
	Amount    int64  `json:"amount"`
	TakenBack int64  `json:"taken_back"`
	Holders   int    `json:"holders_missing"` // who had spent it
	Covered   int64  `json:"covered"`
}

// Loan is the page of one loan.
type Loan struct {
	Number    int     `json:"number"`
	Grade     string  `json:"grade"`
	Amount    int64   `json:"amount"`
	Rate      int64   `json:"rate"` // hundredths of a percent a year
	Term      int     `json:"term"`
	Equal     int64   `json:"installment"`
	Listed    string  `json:"listed"`
	Units     uint64  `json:"units"`
	Cap       uint64  `json:"cap"`
	Holdings  uint32  `json:"holdings"`
	Payouts   uint64  `json:"payouts"`
	Paid      int     `json:"payments"`
	Interest  int64   `json:"interest"`  // distributed in all
	Principal int64   `json:"principal"` // distributed in all
	Newest    []Paid  `json:"newest_payments"`
	Holders   []Owner `json:"first_holders"`
}

// Paid is one of a loan's distributions.
type Paid struct {
	Sequence  uint64 `json:"sequence"`
	Date      string `json:"date"`
	Interest  int64  `json:"interest"`
	Principal int64  `json:"principal"`
	Undoes    uint64 `json:"undoes,omitempty"`
}

// Owner is one of a loan's holders.
type Owner struct {
	Holder    uint32 `json:"holder"`
	Account   string `json:"account"`
	Units     uint64 `json:"units"`
	Interest  int64  `json:"interest"`
	Principal int64  `json:"principal"`
}

// Statement is one investor's month.
type Statement struct {
	Account string `json:"account"`
	Month   string `json:"month"`
	Opening int64  `json:"opening"`
	Closing int64  `json:"closing"`
	Debits  int64  `json:"debits"`
	Credits int64  `json:"credits"`
	Count   uint64 `json:"count"`
	Final   bool   `json:"final"`
	Lines   []Line `json:"lines"`
}

// Line is one of a statement's.
type Line struct {
	Date    string `json:"date"`
	Text    string `json:"text"`
	Amount  int64  `json:"amount"` // negative when it goes out
	Balance int64  `json:"balance"`
}

// Verify is what `longmen verify` said.
type Verify struct {
	Passed bool   `json:"passed"`
	Text   string `json:"text"`
}

// Phase is how long a part of the run took.
type Phase struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
}
