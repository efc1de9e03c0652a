// Package report shows what a run came to: for people as text of at most 100 columns, for programs as JSON.
//
// The package knows nothing of where the figures come from.
package report

// Summary is everything that is shown. Amounts are in cents.
type Summary struct {
	Loans     int    `json:"loans"`
	Lent      int64  `json:"lent"`
	Thousand  int    `json:"loans_with_1000_funders"`
	Products  int    `json:"products"`
	Investors int    `json:"investors"`
	Logins    int    `json:"logins"`
	Deposited int64  `json:"deposited"`
	From      string `json:"from"` // first month, 2021-01
	Until     string `json:"until"`
	Months    int    `json:"months"`
	Seed      int    `json:"seed"`

	Applications Applications `json:"applications"`
	Funding      Funding      `json:"funding"`
	Repayments   Repayments   `json:"repayments"`
	Losses       Losses       `json:"losses"`
	Books        Books        `json:"books"`
	Recount      Recount      `json:"recount"`
	Loan         Loan         `json:"loan"`
	Investor     Investor     `json:"investor"`
	Verify       Verify       `json:"verify"`
	Phases       []Phase      `json:"phases"`
	Seconds      float64      `json:"seconds"`
}

// Sound says whether everything that was checked is as it should be.
func (s *Summary) Sound() bool {
	return s.Books.Difference == 0 && s.Books.Custody == s.Books.Clients+s.Books.Reserve && s.Recount.Wrong == 0 && s.Verify.Passed &&
		s.Recount.Unchanged.Cents < 1
}

// Applications are those that were made, and how long they took from submit to paid-out.
type Applications struct {
	PaidOut int64   `json:"paid_out"`
	Refused int64   `json:"refused"`
	Seconds int64   `json:"seconds_simulated"` // on average, by the ledger's clock
	Longest int64   `json:"longest_seconds_simulated"`
	Real    float64 `json:"seconds_real"` // on average, by this machine's
}

// Funding is who funded the loans.
type Funding struct {
	Bids     int64   `json:"single_bids"`
	TooLate  int64   `json:"too_late"`
	Seconds  float64 `json:"bidding_seconds"` // in which loans were signed and funded by mandates as well
	Pieces   int64   `json:"bids_of_mandates"`
	Mandates int64   `json:"mandates"`
	Sales    int64   `json:"claim_sales"`
}

// Repayments are those of borrowers.
type Repayments struct {
	All       int64   `json:"all"`
	Early     int64   `json:"early"`
	Late      int64   `json:"late"`
	Partial   int64   `json:"partial"`
	Dated     int64   `json:"back_dated"`
	Corrected int64   `json:"corrected"`  // of these: what had been paid was taken back and paid anew
	Twice     int64   `json:"sent_twice"` // found, and sent back
	Credits   int64   `json:"investor_credits"`
	Seconds   float64 `json:"seconds"` // in which nothing else was done
}

// Losses are what borrowers did not pay.
type Losses struct {
	Defaults   int64 `json:"defaults"`
	Payouts    int64 `json:"installments_paid_out"`
	Bought     int64 `json:"loans_bought"`
	PaidOut    int64 `json:"paid_by_the_reserve"`
	WrittenOff int64 `json:"written_off"`
	Recovered  int64 `json:"recovered"`
}

// Books are the ledger's.
type Books struct {
	Lines      []Line `json:"trial_balance"`
	Difference int64  `json:"difference"` // debits less credits
	Custody    int64  `json:"custody_cash"`
	Clients    int64  `json:"client_money"`
	Reserve    int64  `json:"reserve"`
}

// Line is a line of the trial balance.
type Line struct {
	Code    uint32 `json:"code"`
	Name    string `json:"name"`
	Debits  int64  `json:"debits"`
	Credits int64  `json:"credits"`
}

// Recount says how the ledger stands beside the independent recount.
type Recount struct {
	Accounts  int      `json:"accounts"`
	Holdings  int      `json:"holdings"`
	Loans     int      `json:"loans"`
	Wrong     int      `json:"wrong"`
	First     []string `json:"first,omitempty"` // of what is wrong, in words
	Unchanged Distance `json:"unchanged"`       // of who holds units that never changed hands
	Changed   Distance `json:"changed"`
}

// Distance is the largest one of what somebody was paid from his exact share.
type Distance struct {
	Cents float64 `json:"cents"`
	Exact string  `json:"exact"` // parts/of
}

// Loan is the page of one loan.
type Loan struct {
	Number      int     `json:"number"`
	Product     string  `json:"product"`
	Grade       string  `json:"grade"`
	Amount      int64   `json:"amount"`
	Rate        int64   `json:"rate"` // hundredths of a percent a year
	Months      int     `json:"months"`
	Installment int64   `json:"installment"`
	State       string  `json:"state"`
	Started     string  `json:"started"`
	Outstanding int64   `json:"outstanding"`
	Holders     int     `json:"holders"`
	Events      []Event `json:"events"`
	Count       int     `json:"count"` // of all events
}

// Event is something that happened to it.
type Event struct {
	Date      string `json:"date"`
	Kind      string `json:"kind"`
	Amount    int64  `json:"amount"`
	Penalty   int64  `json:"penalty"`
	Fee       int64  `json:"fee"`
	Interest  int64  `json:"interest"`
	Principal int64  `json:"principal"`
	Note      string `json:"note,omitempty"`
}

// Investor is the page of one investor.
type Investor struct {
	Number   int      `json:"number"`
	Month    string   `json:"month"`
	Opening  int64    `json:"opening"`
	Closing  int64    `json:"closing"`
	In       int64    `json:"in"`
	Out      int64    `json:"out"`
	Count    int      `json:"count"`
	Final    bool     `json:"final"`
	Entries  []Entry  `json:"entries"`
	Overview Overview `json:"overview"`
}

// Entry is a line of a statement.
type Entry struct {
	Date    string `json:"date"`
	Text    string `json:"text"`
	Amount  int64  `json:"amount"` // negative when it goes out
	Balance int64  `json:"balance"`
}

// Overview is what the investor has at the end.
type Overview struct {
	Cash     int64  `json:"cash"`
	Invested int64  `json:"invested"`
	Earned   int64  `json:"earned"`
	Repaid   int64  `json:"repaid"`
	Paid     int64  `json:"paid"`
	Rate     string `json:"rate_percent"`
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
