package rest

import (
	"net/http"
	"strconv"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/kit/id"
)

// quickBid places a bid.
func (s *server) quickBid(w http.ResponseWriter, r *http.Request) bool {
	key := r.Header["Idempotency-Key"]
	listing, err := id.Parse(r.PathValue("listing"))
	if err != nil || len(key) != 1 || key[0] == "" || len(key[0]) > api.MaxKey {
		return false
	}
	in := newBid{InListing: InListing{CommandID(listing)}, InKey: InKey{key[0]}}
	buf := buffers.Get().(*buffer)
	defer buffers.Put(buf)
	if !buf.plainBody(w, r, func(body string) bool { return plainBid(body, &in.Body.Amount) }) {
		return false
	}
	out, err := s.placeBid(r.Context(), &in)
	if err != nil {
		writeProblem(w, problemOf(err))
		return true
	}
	buf.b = append(out.Body.appendJSON(buf.b[:0]), '\n')
	buf.answer(w)
	return true
}

// plainBid reads a body that says an amount and nothing else.
func plainBid(s string, amount *Amount) bool {
	p := plain{s: s}
	p.byte('{')
	named := p.text() == "amount"
	p.byte(':')
	*amount = Amount(p.amount())
	p.byte('}')
	return named && p.ended()
}

// quickRepayment counts a payment of today that is as any other.
func (s *server) quickRepayment(w http.ResponseWriter, r *http.Request) bool {
	loan, err := id.Parse(r.PathValue("loan"))
	if err != nil {
		return false
	}
	in := paymentInput{InLoan: InLoan{CommandID(loan)}}
	buf := buffers.Get().(*buffer)
	defer buffers.Put(buf)
	if !buf.plainBody(w, r, func(body string) bool { return plainPayment(body, &in) }) {
		return false
	}
	out, err := s.repayLoan(r.Context(), &in)
	if err != nil {
		writeProblem(w, problemOf(err))
		return true
	}
	buf.b = append(out.Body.appendJSON(buf.b[:0]), '\n')
	buf.answer(w)
	return true
}

// plainPayment reads a body that says id and amount, each once.
func plainPayment(s string, in *paymentInput) bool {
	p := plain{s: s}
	seen := 0
	p.byte('{')
	for more := true; more && !p.bad; more = p.comma() {
		name := p.text()
		p.byte(':')
		bit := 0
		switch name {
		case "id":
			made, err := id.Parse(p.text())
			p.bad = p.bad || err != nil || made.CheckNew() != nil
			bit, in.Body.ID = 1, NewID(made)
		case "amount":
			bit, in.Body.Amount = 2, Amount(p.amount())
		}
		p.bad = p.bad || bit == 0 || seen&bit != 0
		seen |= bit
	}
	p.byte('}')
	return p.ended() && seen == 3
}

// No string in a bid or in what happened to a loan has a character that needs an escape.

func (v Bid) appendJSON(b []byte) []byte {
	b = appendID(b, `{"id":"`, v.ID)
	b = appendID(b, `,"listing":"`, v.Listing)
	b = appendID(b, `,"investor":"`, v.Investor)
	b = appendAbout(b, `,"mandate":"`, v.Mandate)
	b = appendAmount(b, `,"amount":"`, v.Amount)
	b = strconv.AppendUint(append(b, `,"units":`...), v.Units, 10)
	b = strconv.AppendUint(append(b, `,"sequence":`...), v.Sequence, 10)
	b = append(ledger.Instant(v.At).AppendText(append(b, `,"at":"`...)), '"')
	if v.Ended != 0 {
		b = strconv.AppendUint(append(b, `,"ended":`...), v.Ended, 10)
	}
	return append(b, '}')
}

func (e LoanEvent) appendJSON(b []byte) []byte {
	b = strconv.AppendUint(append(b, `{"number":`...), uint64(e.Number), 10)
	b = appendID(b, `,"id":"`, e.ID)
	b = appendWord(b, `,"kind":"`, e.Kind)
	b = append(ledger.Date(e.Date).AppendText(append(b, `,"date":"`...)), '"')
	b = append(ledger.Instant(e.At).AppendText(append(b, `,"at":"`...)), '"')
	b = appendAbout(b, `,"actor":"`, e.Actor)
	b = appendWord(b, `,"outcome":"`, e.Outcome)
	b = appendSome(b, `,"asked":"`, e.Asked)
	b = appendSome(b, `,"amount":"`, e.Amount)
	b = appendSome(b, `,"kept":"`, e.Kept)
	b = e.Split.append(append(b, `,"split":`...))
	b = appendAbout(b, `,"of":"`, e.Of)
	b = appendWhen(b, `,"paid_at":"`, e.PaidAt)
	b = appendWhen(b, `,"received_at":"`, e.Received)
	for i, n := range e.Undone {
		b = strconv.AppendUint(append(b, lead(i, `,"undone":[`)...), uint64(n), 10)
	}
	b = appendEnd(b, len(e.Undone))
	if e.Sequence != 0 {
		b = strconv.AppendUint(append(b, `,"sequence":`...), e.Sequence, 10)
	}
	for i, p := range e.Payers {
		b = appendWord(append(b, lead(i, `,"payers":[`)...), `{"account":"`, p.Account)
		b = append(p.Split.append(append(b, `,"split":`...)), '}')
	}
	b = appendEnd(b, len(e.Payers))
	if e.Payer != "" {
		b = appendWord(b, `,"payer":"`, e.Payer)
	}
	for i, w := range e.Waits {
		b = appendWord(append(b, lead(i, `,"waits":[`)...), `{"account":"`, w.Account)
		b = append(appendAmount(b, `,"amount":"`, w.Amount), '}')
	}
	b = appendEnd(b, len(e.Waits))
	b = appendSome(b, `,"costs":"`, e.Costs)
	if e.Units != 0 {
		b = strconv.AppendUint(append(b, `,"units":`...), e.Units, 10)
	}
	b = appendAbout(b, `,"approval":"`, e.Approval)
	return append(b, '}')
}

func (s *Split) append(b []byte) []byte {
	b = appendAmount(b, `{"penalty":"`, s.Penalty)
	b = appendAmount(b, `,"fee":"`, s.Fee)
	b = appendAmount(b, `,"interest":"`, s.Interest)
	b = appendAmount(b, `,"principal":"`, s.Principal)
	return append(appendAmount(b, `,"total":"`, s.Total), '}')
}

// appendID appends the start of a field, an id and the closing quote.
func appendID(b []byte, start string, i ID) []byte {
	return append(ledger.ID(i).AppendText(append(b, start...)), '"')
}

// appendAbout leaves out an id that is absent.
func appendAbout(b []byte, start string, i ID) []byte {
	if i.IsZero() {
		return b
	}
	return appendID(b, start, i)
}

// appendWhen leaves out an instant that is absent.
func appendWhen(b []byte, start string, i Instant) []byte {
	if i == 0 {
		return b
	}
	return append(ledger.Instant(i).AppendText(append(b, start...)), '"')
}

// appendAmount appends the start of a field, an amount and the closing quote.
func appendAmount(b []byte, start string, a Amount) []byte {
	return append(strconv.AppendInt(append(b, start...), int64(a), 10), '"')
}

// appendSome leaves out an amount that is nothing.
func appendSome(b []byte, start string, a Amount) []byte {
	if a == 0 {
		return b
	}
	return appendAmount(b, start, a)
}

// lead is what stands before an item of a list: the start of the list, or a comma.
func lead(i int, start string) string {
	if i == 0 {
		return start
	}
	return ","
}

// appendEnd ends a list that has items.
func appendEnd(b []byte, items int) []byte {
	if items == 0 {
		return b
	}
	return append(b, ']')
}
