package rpc

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	pb "github.com/longmen/longmen/api/gen/longmen/ledger/v1"
)

// wireCodec is the protobuf encoding, with a way of its own for the messages of Apply and Balances.
type wireCodec struct{}

// Name is what connect and gRPC call the encoding.
func (wireCodec) Name() string { return "proto" }

// Marshal encodes a message.
func (c wireCodec) Marshal(message any) ([]byte, error) { return c.MarshalAppend(nil, message) }

// MarshalAppend encodes a message behind b.
func (wireCodec) MarshalAppend(b []byte, message any) ([]byte, error) {
	switch m := message.(type) {
	case *applyAnswer:
		return appendApply(b, m.answers)
	case *balancesAnswer:
		return appendBalances(b, m), nil
	case proto.Message:
		return proto.MarshalOptions{}.MarshalAppend(b, m)
	}
	return nil, fmt.Errorf("encode %T: it is no message", message)
}

// Unmarshal decodes a message.
func (wireCodec) Unmarshal(data []byte, message any) error {
	switch m := message.(type) {
	case *applyCall:
		return decodeApply(data, m)
	case *balancesCall:
		return decodeBalances(data, m)
	case proto.Message:
		return proto.Unmarshal(data, m)
	}
	return fmt.Errorf("decode %T: it is no message", message)
}

// jsonCodec is protobuf's JSON, for those who try the service by hand.
type jsonCodec struct{ name string }

// Name is what connect and gRPC call the encoding.
func (c jsonCodec) Name() string { return c.name }

// Marshal encodes a message.
func (jsonCodec) Marshal(message any) ([]byte, error) {
	switch m := message.(type) {
	case *applyAnswer:
		response := &pb.ApplyResponse{}
		for i := range m.answers {
			response.Results = append(response.Results, resultFrom(&m.answers[i]))
		}
		return protojson.Marshal(response)
	case *balancesAnswer:
		return protojson.Marshal(balancesFrom(m))
	case proto.Message:
		return protojson.Marshal(m)
	}
	return nil, fmt.Errorf("encode %T: it is no message", message)
}

// Unmarshal decodes a message. Fields that are not known are a fault: in JSON they are mistakes of a person.
func (jsonCodec) Unmarshal(data []byte, message any) error {
	switch m := message.(type) {
	case *applyCall:
		b, err := rewrite(data, &pb.ApplyRequest{})
		if err != nil {
			return err
		}
		return decodeApply(b, m)
	case *balancesCall:
		b, err := rewrite(data, &pb.BalancesRequest{})
		if err != nil {
			return err
		}
		return decodeBalances(b, m)
	case proto.Message:
		return protojson.Unmarshal(data, m)
	}
	return fmt.Errorf("decode %T: it is no message", message)
}

// rewrite turns JSON into the binary encoding.
func rewrite(data []byte, through proto.Message) ([]byte, error) {
	if err := protojson.Unmarshal(data, through); err != nil {
		return nil, err
	}
	return proto.Marshal(through)
}
