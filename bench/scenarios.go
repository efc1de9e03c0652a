package bench

var scenarios = []Scenario{
	{"distributions", "payments to 1,000 holders each, by gRPC, on SQLite", true, distributions},
	{"distributions-library", "the same in process", false, distributionsInProcess},
	{"distributions-postgres", "the same by gRPC, on PostgreSQL", false, distributionsPostgres},
	{"distributions-accounts", "the same by gRPC, on SQLite, among 10 million accounts", false, distributionsMany},
	{"distributions-wide", "one payment to 100,000 and to 1,000,000 holders, and what others feel of it", true, wide},
	{"transfers", "independent transfers in large batches, with history", true, transfers},
	{"singles", "one transfer a request, by REST and by gRPC", true, singles},
	{"bids", "single bids for a loan by REST, with tokens and the product's limits", false, bids},
	{"repayments", "repayments of loans with 1,000 investors each by REST, with tokens and the product's rules, on SQLite", false, repayments},
	{"repayments-postgres", "the same on PostgreSQL", false, repaymentsPostgres},
	{"overdue", "the first page and all of a million loans that are overdue, by REST", false, overdue},
	{"overview", "what an investor with 500 holdings has, by REST, also right after a repayment", false, overview},
	{"mandates", "10,000 mandates fund 100 loans that open together, on SQLite", false, mandates},
	{"mandates-all", "100,000 mandates fund 1,000 loans", false, mandatesAll},
	{"balances", "what accounts have now, 100 a request and one a request", true, balances},
	{"past", "newest entries; balances, pages and statements of any time, also after history grew tenfold", true, past},
	{"restart", "start from a snapshot of a large ledger", false, restart},
	{"replay", "start without a snapshot", false, replay},
	{"memory", "of an account, a holding, a recent id", false, memory},
}
