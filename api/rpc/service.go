// Package rpc is the door for programs: the gRPC service longmen.ledger.v1, which carries the data plane of a ledger.
//
// The package must not know how a caller proves who he is, nor anything of the ledger that the service's messages do
// not say.
package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"

	"connectrpc.com/connect"

	"github.com/longmen/longmen/api"
	pb "github.com/longmen/longmen/api/gen/longmen/ledger/v1"
	"github.com/longmen/longmen/api/gen/longmen/ledger/v1/ledgerv1connect"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/logging"
)

// Node is what the service needs of the program behind it.
type Node interface {
	api.Applier
	api.Balancer
	api.Watcher
	api.Ledgers
}

// Path is the prefix of the service's URLs.
const Path = "/" + ledgerv1connect.LedgerServiceName + "/"

// WatchPath is the URL of the call that streams.
const WatchPath = ledgerv1connect.LedgerServiceWatchProcedure

// New makes the handler for everything under Path. Who calls must be in the request's context (api.WithCall).
func New(node Node, log *slog.Logger) http.Handler {
	s := &service{node: node, log: log}
	options := connect.WithHandlerOptions(
		connect.WithCodec(wireCodec{}),
		connect.WithCodec(jsonCodec{name: "json"}),
		connect.WithCodec(jsonCodec{name: "json; charset=utf-8"}),
		connect.WithReadMaxBytes(api.MaxBody),
		connect.WithCompressMinBytes(compressFrom),
	)
	mux := http.NewServeMux()
	mux.Handle(ledgerv1connect.LedgerServiceApplyProcedure,
		connect.NewUnaryHandler(ledgerv1connect.LedgerServiceApplyProcedure, s.apply, options))
	mux.Handle(ledgerv1connect.LedgerServiceBalancesProcedure,
		connect.NewUnaryHandler(ledgerv1connect.LedgerServiceBalancesProcedure, s.balances, options))
	mux.Handle(ledgerv1connect.LedgerServiceWatchProcedure,
		connect.NewServerStreamHandler(ledgerv1connect.LedgerServiceWatchProcedure, s.watch, options))
	mux.Handle(ledgerv1connect.LedgerServiceLedgerProcedure,
		connect.NewUnaryHandler(ledgerv1connect.LedgerServiceLedgerProcedure, s.ledger, options))
	return mux
}

// compressFrom is the size below which an answer is sent as it is, also to those who would take it compressed: batches
// stay below it, because the processor is dearer here than the wire.
const compressFrom = 1 << 20

type service struct {
	node Node
	log  *slog.Logger
}

// failure gives an error its form, and the log what the caller is not told.
func (s *service) failure(err error) error {
	if err != nil && errs.Is(err, errs.Internal) && contextCode(err) == 0 {
		s.log.Error("call failed", logging.Error, err)
	}
	return Failure(err)
}

func (s *service) apply(ctx context.Context, request *connect.Request[applyCall]) (*connect.Response[applyAnswer], error) {
	call := request.Msg
	if n := len(call.commands); n == 0 || n > api.MaxBatch {
		return nil, invalid("commands: %d, a batch has 1 to %d", n, api.MaxBatch)
	}
	answers, err := api.Apply(ctx, s.node, call.ledger, call.commands, call.refused)
	if err != nil {
		return nil, s.failure(err)
	}
	return connect.NewResponse(&applyAnswer{answers: answers}), nil
}

func (s *service) balances(ctx context.Context, request *connect.Request[balancesCall]) (*connect.Response[balancesAnswer], error) {
	call := request.Msg
	if n := len(call.addresses); n == 0 || n > api.MaxBalances {
		return nil, invalid("addresses: %d, want 1 to %d", n, api.MaxBalances)
	}
	if err := api.Reach(ctx, call.ledger, right.LedgerRead); err != nil {
		return nil, s.failure(err)
	}
	answer := &balancesAnswer{balances: make([]ledger.AccountState, len(call.addresses))}
	var err error
	if answer.at, err = s.node.Balances(ctx, call.ledger, call.addresses, call.sequence, answer.balances); err != nil {
		return nil, s.failure(err)
	}
	return connect.NewResponse(answer), nil
}

func (s *service) ledger(ctx context.Context, request *connect.Request[pb.LedgerRequest]) (*connect.Response[pb.LedgerResponse], error) {
	if err := api.Reach(ctx, request.Msg.GetLedger(), right.LedgerRead); err != nil {
		return nil, s.failure(err)
	}
	info, err := s.node.Ledger(ctx, request.Msg.GetLedger())
	if err != nil {
		return nil, s.failure(err)
	}
	return connect.NewResponse(&pb.LedgerResponse{
		Id: info.ID[:], Name: info.Name, Zone: info.Zone, Clock: pb.ClockKind(info.Clock), Now: int64(info.Now),
		Sequence: info.Sequence, Timestamp: int64(info.Timestamp), Version: uint32(info.Version),
		Accounts: info.Accounts, Registers: info.Registers, Shadow: info.Shadow, Projected: info.Projected,
	}), nil
}

// watchBytes is the size at which a message of the stream is sent, though more is there.
const watchBytes = 256 << 10

func (s *service) watch(ctx context.Context, request *connect.Request[pb.WatchRequest], stream *connect.ServerStream[pb.WatchResponse]) error {
	if err := api.Reach(ctx, request.Msg.GetLedger(), right.LedgerRead); err != nil {
		return s.failure(err)
	}
	from := max(request.Msg.GetFrom(), 1)
	err := s.node.Watch(ctx, request.Msg.GetLedger(), from, func(list []api.Recorded) error {
		message, size := &pb.WatchResponse{}, 0
		for i := range list {
			message.Events = append(message.Events, &pb.Event{
				Command: Message(list[i].Command), Result: resultFrom(&api.Answer{Result: list[i].Result}),
			})
			// An operation has a hundred bytes or so; exactness is not worth encoding twice.
			if size += 100 * (1 + len(list[i].Command.Operations)); size < watchBytes && i < len(list)-1 {
				continue
			}
			if err := again(ctx); err != nil {
				return err
			}
			if err := stream.Send(message); err != nil {
				return err
			}
			message, size = &pb.WatchResponse{}, 0
		}
		return nil
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return s.failure(err)
}

// again says whether the caller of a stream is still let in.
func again(ctx context.Context) error {
	if f := api.CallOf(ctx).Again; f != nil {
		return f()
	}
	return nil
}

func invalid(format string, args ...any) error {
	return connect.NewError(connect.CodeInvalidArgument, fmt.Errorf(format, args...))
}

// Failure gives an error its code in gRPC. What is not in the catalogue is for the log, not for the caller.
func Failure(err error) error {
	if err == nil {
		return nil
	}
	var known *connect.Error
	if errors.As(err, &known) {
		return err
	}
	if ctxErr := contextCode(err); ctxErr != 0 {
		return connect.NewError(ctxErr, err)
	}
	e := errs.Of(err)
	message := e.Message
	if e.Field != "" {
		message = e.Field + ": " + message
	}
	out := connect.NewError(statusCodes[e.Code.Status()], errors.New(message))
	if out.Code() == 0 {
		out = connect.NewError(connect.CodeInternal, errors.New(message))
	}
	out.Meta().Set("longmen-code", e.Code.Name())
	if e.Code.Status() == http.StatusServiceUnavailable {
		out.Meta().Set("Retry-After", strconv.Itoa(api.RetryAfter))
	}
	return out
}

func contextCode(err error) connect.Code {
	switch {
	case errors.Is(err, context.Canceled):
		return connect.CodeCanceled
	case errors.Is(err, context.DeadlineExceeded):
		return connect.CodeDeadlineExceeded
	}
	return 0
}

// statusCodes: the catalogue speaks HTTP.
var statusCodes = map[int]connect.Code{
	http.StatusBadRequest:            connect.CodeInvalidArgument,
	http.StatusUnauthorized:          connect.CodeUnauthenticated,
	http.StatusForbidden:             connect.CodePermissionDenied,
	http.StatusNotFound:              connect.CodeNotFound,
	http.StatusConflict:              connect.CodeAborted,
	http.StatusRequestEntityTooLarge: connect.CodeResourceExhausted,
	http.StatusUnprocessableEntity:   connect.CodeFailedPrecondition,
	http.StatusServiceUnavailable:    connect.CodeUnavailable,
	http.StatusGatewayTimeout:        connect.CodeDeadlineExceeded,
}
