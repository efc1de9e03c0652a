package party

import (
	"net/http"

	"github.com/longmen/longmen/kit/errs"
)

// The outcomes that a caller must tell apart, beside the general ones of errs.
var (
	TenantTaken     = errs.Define("tenant_name_taken", http.StatusConflict, "Another tenant has this name")
	LedgerTaken     = errs.Define("ledger_name_taken", http.StatusConflict, "Another tenant has a ledger of this name")
	IdentifierTaken = errs.Define("identifier_taken", http.StatusConflict, "Another identifier of this type has the same value")
	PrincipalTaken  = errs.Define("principal_name_taken", http.StatusConflict, "Another principal has this name")
	RoleOverlaps    = errs.Define("role_overlaps", http.StatusConflict, "The party has this role already on some of these days")
	PartyClosed     = errs.Define("party_closed", http.StatusConflict, "The party is closed")
	PrincipalClosed = errs.Define("principal_closed", http.StatusConflict, "The principal is closed")
	TooMany         = errs.Define("too_many", http.StatusConflict, "There are as many of these as allowed")
	TokenExpired    = errs.Define("token_expired", http.StatusUnauthorized, "The token has expired")
	TokenRevoked    = errs.Define("token_revoked", http.StatusUnauthorized, "The token was revoked")
	TokenIdle       = errs.Define("token_idle", http.StatusUnauthorized, "The principal of this token is closed")
	TokenShown      = errs.Define("token_shown", http.StatusConflict, "A token is shown once")
)
