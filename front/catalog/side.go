package catalog

// Fee is what is paid besides interest.
type Fee struct {
	Code    string      `json:"code" is:"of the fee"`
	Name    Name        `json:"name" is:"for contracts and statements"`
	PaidBy  FeePayer    `json:"paid_by" is:"borrower, investor, seller or buyer (of a claim)"`
	At      FeeAt       `json:"at" is:"disbursement (kept from the payout), installment (due with every row), payoff, payment (out of every payment that is distributed) or transfer (of a claim)"`
	Of      FeeBase     `json:"of" is:"what rate is taken of: lent, balance (before the row), principal, interest, payment (principal and interest) or price; nothing for an amount" default:"none"`
	Rate    Rate        `json:"rate,omitzero" is:"share of the base, once each time"`
	Amount  Money       `json:"amount,omitempty" is:"instead of a rate"`
	Min     Money       `json:"min,omitempty" is:"at least so much each time"`
	Max     Money       `json:"max,omitempty" is:"at most so much each time; 0: no limit"`
	Split   Split       `json:"split" is:"at payment: before (taken from the payment, from interest first) or after the split (from each investor's line, by class)" default:"before"`
	Classes []ClassRate `json:"classes,omitempty" is:"other rates for classes of investors; needs split: after"`
	Tax     *Rate       `json:"tax,omitempty" is:"rate of the tax that is contained in the fee; \"0\": none; left out: none in quotes, in the books the rate of their chart (tax_ppm). All fees of the borrower at installment and payoff have the same"`
	Shares  []Share     `json:"shares,omitempty" is:"who gets it; none: the platform. All fees of the borrower at installment and payoff are shared alike; a fee after the split goes to one"`
	Mode    Mode        `json:"rounding" is:"of the fee" default:"half_even"`
}

// ClassRate is the rate of a fee for one class of investors.
type ClassRate struct {
	Class string `json:"class" is:"code of the class of investors"`
	Rate  Rate   `json:"rate" is:"instead of the fee's rate"`
}

// Share is a part of something and who gets it. The first of several also gets what rounding leaves.
type Share struct {
	To    Receiver `json:"to" is:"platform, reserve, guarantors or investors"`
	Share Rate     `json:"share" is:"of the whole; all shares sum to 1"`
}

// Penalty is what a late row costs.
type Penalty struct {
	Code      string      `json:"code" is:"of the penalty"`
	Kind      PenaltyKind `json:"kind" is:"flat (amount, once), percent (rate, once) or daily (rate, every day)"`
	Amount    Money       `json:"amount,omitempty" is:"of a flat penalty"`
	Rate      Rate        `json:"rate,omitzero" is:"of what is late"`
	Per       RatePer     `json:"per" is:"what a daily penalty's rate is for: day, year_360 or year_365" default:"day"`
	Of        PenaltyBase `json:"of" is:"what it is taken of: principal, principal_interest or all" default:"principal_interest"`
	GraceDays int         `json:"grace_days,omitempty" is:"not late before more than so many days; then days count from the due date"`
	Cap       Money       `json:"cap,omitempty" is:"most a row is charged; 0: no limit"`
	CapShare  Rate        `json:"cap_share,omitzero" is:"the same as a share of the row"`
	Shares    []Share     `json:"shares,omitempty" is:"who gets it; none: the investors. All penalties are shared alike"`
	Mode      Mode        `json:"rounding" is:"of the penalty" default:"half_even"`
}

// Funding says how a loan is funded.
type Funding struct {
	Unit    Money `json:"unit" is:"size of one unit of the register" default:"100"`
	Min     Money `json:"min" is:"smallest bid" default:"10000"`
	Step    Money `json:"step" is:"bids grow by this" default:"100"`
	Share   Rate  `json:"max_share" is:"most that one investor may hold of a loan" default:"1"`
	Days    int   `json:"days" is:"how long it is listed" default:"7"`
	Partial Rate  `json:"partial,omitzero" is:"it may be paid out in part from this share on; none: only in full"`
}

// Losses says who pays when the borrower does not, and in which order what is recovered goes back.
type Losses struct {
	Order             []LossPayer    `json:"order,omitempty" is:"who pays first: reserve, guarantors; none: the investors bear it"`
	Guarantors        Guarantors     `json:"guarantors" is:"several guarantors pay one after the other (order) or each his share (shares)" default:"order"`
	InstallmentAfter  int            `json:"installment_after,omitempty" is:"days past due after which an installment is paid out; 0: never"`
	WholeAfter        int            `json:"whole_after,omitempty" is:"days past due after which all that is outstanding is bought; 0: never"`
	PayerRepaid       PayerRepaid    `json:"payer_repaid" is:"whether the borrower's next money repays the payer first or pro_rata with the investors" default:"first"`
	Recovery          []RecoveryPart `json:"recovery" is:"who gets what is recovered first: costs, payers, holders" default:"costs payers holders"`
	WriteOffAfter     int            `json:"write_off_after,omitempty" is:"days past due after which it may be written off; 0: never"`
	ReserveShortWaits bool           `json:"queue_when_short" is:"what a short reserve can't pay waits for a top-up; else it stays with the investors" default:"true"`
}

// Transfer says how claims are sold on.
type Transfer struct {
	Allowed   bool  `json:"allowed" is:"whether claims may be sold" default:"false"`
	Part      bool  `json:"in_part" is:"whether a part of a claim may be sold" default:"true"`
	MinPrice  Rate  `json:"min_price" is:"lowest price as a share of what is outstanding; 1 is par" default:"1"`
	MaxPrice  Rate  `json:"max_price" is:"highest price" default:"1"`
	Holding   int   `json:"holding_days,omitempty" is:"days that a claim is held before it may be sold"`
	BeforeDue int   `json:"days_before_due,omitempty" is:"no sale within so many days before a due date"`
	Times     int   `json:"max_times,omitempty" is:"how often one claim may be sold; 0: no limit"`
	MinPiece  Money `json:"min_piece" is:"smallest piece that is sold or stays" default:"10000"`
	OrderDays int   `json:"order_days" is:"how long an offer stands" default:"3"`
}

// Document is something that an applicant has to send.
type Document struct {
	Code string `json:"code" is:"of the kind of document, e.g. income"`
	Name Name   `json:"name" is:"for people"`
}

// Rule is a condition on facts, as an expression of CEL.
type Rule struct {
	Code string `json:"code" is:"of the rule, shown with each decision"`
	When string `json:"when" is:"what must be true, in CEL over the facts"`
	Says Name   `json:"says" is:"what is told to who fails it"`
}
