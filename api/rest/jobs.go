package rest

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Job is something that happens at an instant to come.
type Job struct {
	ID       CommandID `json:"id"`
	Ledger   string    `json:"ledger"`
	Due      Instant   `json:"due" doc:"By the ledger's clock"`
	Kind     string    `json:"kind" example:"command"`
	Subject  ID        `json:"subject,omitzero" doc:"What it is about, such as a party"`
	State    string    `json:"state" enum:"waiting,done,stuck,cancelled"`
	Attempts int       `json:"attempts"`
	Again    Instant   `json:"again,omitzero" doc:"Of one that failed: not before this instant of the machine's clock"`
	Problem  string    `json:"problem,omitempty" doc:"Of the last attempt"`
	Changed  Instant   `json:"changed" doc:"By the machine's clock"`
	Actor    ID        `json:"actor,omitzero" doc:"Principal that retried or cancelled it last"`
}

// JobDetail is a job with why it is where it is, and what it did.
type JobDetail struct {
	Job
	Why      string     `json:"why" doc:"In a sentence: what it waits for, why it is stuck"`
	Command  *Command   `json:"command,omitempty" doc:"Of a planned command: what is to be applied"`
	Commands []JobEntry `json:"commands" doc:"Of a planned command: what of it stands in the ledger. Commands of other kinds name what they belong to, not the job"`
	More     bool       `json:"more,omitempty" doc:"There are more of them than these"`
}

// JobEntry is a command that a job caused.
type JobEntry struct {
	ID       CommandID `json:"id"`
	Sequence uint64    `json:"sequence"`
	Code     string    `json:"code" example:"applied"`
}

func jobOf(e *plan.Event) Job {
	j := Job{
		ID: CommandID(e.ID), Ledger: e.Ledger, Due: Instant(e.Due), Kind: e.Kind, Subject: ID(e.Subject), State: e.State.String(),
		Attempts: e.Attempts, Problem: e.Problem, Changed: Instant(e.Changed), Actor: ID(e.Actor),
	}
	if e.State == plan.Waiting {
		j.Again = Instant(e.Again)
	}
	return j
}

// why says in a sentence where a job stands.
func why(e *plan.Event, now time.Time) string {
	switch again := time.UnixMicro(e.Again); {
	case e.State == plan.Done:
		return "It has happened, once."
	case e.State == plan.Cancelled:
		return "Somebody cancelled it: it will not happen."
	case e.State == plan.Stuck:
		return "It failed and is not tried again; a simulated clock does not pass it. Mend what its problem says, then retry it, or cancel it."
	case e.Attempts > 0 && again.After(now):
		return "Its last attempt failed; the next one follows at the instant under again."
	default:
		return "It waits for its ledger's clock to reach the instant under due."
	}
}

type (
	jobsInput struct {
		InPage
		State string `query:"state" enum:"waiting,done,stuck,cancelled" doc:"Only those in this state"`
	}
	jobsOutput struct {
		Body struct {
			Jobs []Job `json:"jobs"`
			Next
		}
	}
	// InJob names a job in the path.
	InJob struct {
		Job CommandID `path:"job" doc:"Id of the job" example:"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"`
	}
	jobOutput       struct{ Body Job }
	jobDetailOutput struct{ Body JobDetail }
	planInput       struct {
		InLedger
		InKey
		Body struct {
			Due Instant `json:"due" doc:"By the ledger's clock"`
			Envelope
			Operations []Operation `json:"operations" minItems:"1" maxItems:"100" doc:"All take effect, in this order, or none does"`
		} `nameHint:"NewJob"`
	}
)

func (s *server) jobs(a huma.API) {
	huma.Register(a, inLedger(right.JobRead, question("list-jobs", "/v1/jobs", tagJobs, "List planned events, in the order in which they fall due")), s.listJobs)
	huma.Register(a, inLedger(right.JobRead, question("get-job", "/v1/jobs/{job}", tagJobs, "Explain one: what it waits for, what it did")), s.getJob)
	huma.Register(a, inLedger(right.JobRetry, change("retry-job", "/v1/jobs/{job}/retry", tagJobs, "Let one that is stuck be tried again", "")),
		s.turnJob((*plan.Plan).Retry))
	huma.Register(a, inLedger(right.JobRetry, change("cancel-job", "/v1/jobs/{job}/cancel", tagJobs, "Keep one from happening that is stuck, or a planned command",
		"What else waits was planned by whoever counts on it, often after two people had approved it: nobody cancels that here.")),
		s.turnJob((*plan.Plan).Cancel))
	huma.Register(a, write("plan-command", "/v1/ledgers/{ledger}/jobs", tagJobs, "Plan a command for an instant to come",
		"It is applied when the ledger's clock reaches that instant, once. What the ledger refuses then is stuck, for a person to look at."), s.planCommand)
}

// owner is the tenant whose jobs the caller sees. What belongs to no tenant is the operator's.
func owner(ctx context.Context) id.ID {
	p := &api.CallOf(ctx).Principal
	if p.Tenant.IsZero() {
		return id.ID(p.ID())
	}
	return p.Tenant
}

func (s *server) listJobs(ctx context.Context, in *jobsInput) (*jobsOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	var state plan.State
	if in.State != "" {
		if state, err = plan.ParseState(in.State); err != nil {
			return nil, s.problem(ctx, err)
		}
	}
	var after plan.Place
	page, err := s.rows(ctx, listOfJobs, &in.InPage)
	if err != nil {
		return nil, err
	}
	if !page.After.IsZero() {
		e, err := g.Plan.Get(ctx, owner(ctx), page.After)
		switch {
		case errs.Is(err, errs.NotFound):
			return nil, s.strange(ctx)
		case err != nil:
			return nil, s.problem(ctx, err)
		}
		after = plan.Place{Due: e.Due, ID: e.ID}
	}
	list, err := g.Plan.List(ctx, owner(ctx), state, after, in.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &jobsOutput{}
	out.Body.Jobs = make([]Job, 0, len(list))
	for i := range list {
		out.Body.Jobs = append(out.Body.Jobs, jobOf(&list[i]))
	}
	out.Body.Next.Next = rowCursor(listOfJobs, list, page, func(e *plan.Event) id.ID { return e.ID })
	return out, nil
}

func (s *server) getJob(ctx context.Context, in *InJob) (*jobDetailOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	e, err := g.Plan.Get(ctx, owner(ctx), id.ID(in.Job))
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &jobDetailOutput{Body: JobDetail{Job: jobOf(&e), Why: why(&e, g.Clock.Now()), Commands: []JobEntry{}}}
	if e.Kind == plan.CommandKind {
		c, err := e.Planned()
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		shown := commandOf(c)
		out.Body.Command = &shown
	}
	caused, err := s.node.Caused(ctx, e.Ledger, e.ID, api.UsualPage+1)
	if err != nil && !errs.Is(err, errs.NotFound) {
		return nil, s.problem(ctx, err)
	}
	if out.Body.More = len(caused) > api.UsualPage; out.Body.More {
		caused = caused[:api.UsualPage]
	}
	for _, c := range caused {
		out.Body.Commands = append(out.Body.Commands, JobEntry{
			ID: CommandID(c.Command.ID), Sequence: c.Result.Sequence, Code: c.Result.Code.String(),
		})
	}
	return out, nil
}

func (s *server) turnJob(turn func(p *plan.Plan, ctx context.Context, tenant, job, actor id.ID) error) func(context.Context, *InJob) (*jobOutput, error) {
	return func(ctx context.Context, in *InJob) (*jobOutput, error) {
		g, err := s.ground(ctx)
		if err != nil {
			return nil, err
		}
		if err := turn(g.Plan, ctx, owner(ctx), id.ID(in.Job), by(ctx).Actor); err != nil {
			return nil, s.problem(ctx, err)
		}
		e, err := g.Plan.Get(ctx, owner(ctx), id.ID(in.Job))
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return &jobOutput{Body: jobOf(&e)}, nil
	}
}

func (s *server) planCommand(ctx context.Context, in *planInput) (*jobOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	p := &api.CallOf(ctx).Principal
	own, err := api.KeyID(p.ID(), in.Key)
	if err != nil {
		return nil, s.fault(ctx, keyMissing, "header.Idempotency-Key", err.Error())
	}
	if _, err := s.node.Ledger(ctx, in.Ledger); err != nil {
		return nil, s.problem(ctx, err)
	}
	body := Command{Envelope: in.Body.Envelope, Operations: in.Body.Operations}
	c, refused := body.command(ledger.ID{}, ledger.ID{})
	if refused != nil {
		return nil, s.fault(ctx, malformed, "body.operations", refused.Why)
	}
	if err := api.Admit(ctx, c); err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "", "body."))
	}
	of := owner(ctx)
	if t, err := g.Parties.OwnerOfLedger(ctx, in.Ledger); err == nil {
		of = t
	} else if !errs.Is(err, errs.NotFound) {
		return nil, s.problem(ctx, err)
	}
	e, err := plan.PlanCommand(plan.Event{Tenant: of, ID: id.ID(own), Ledger: in.Ledger, Due: int64(in.Body.Due)}, c)
	if err != nil {
		return nil, s.problem(ctx, planned(err))
	}
	if err := g.Plan.Add(ctx, e); err != nil {
		return nil, s.problem(ctx, err)
	}
	if e, err = g.Plan.Get(ctx, of, e.ID); err != nil {
		return nil, s.problem(ctx, err)
	}
	return &jobOutput{Body: jobOf(&e)}, nil
}

// planned gives the ledger's refusal of a command its place in the request.
func planned(err error) error {
	if r, ok := err.(*ledger.Refusal); ok {
		return malformed.Errorf("operation %d: %s", r.Index, r.Why).On("body.operations")
	}
	return inBodyOf(err, "", "body.")
}
