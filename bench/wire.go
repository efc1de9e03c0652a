package bench

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	pb "github.com/longmen/longmen/api/gen/longmen/ledger/v1"
	"github.com/longmen/longmen/api/rpc"
	"github.com/longmen/longmen/core/ledger"
)

// ids makes ids of commands, quickly and for one goroutine.
type ids struct{ random *rand.Rand }

func newIDs(seed uint64) *ids {
	return &ids{rand.New(rand.NewPCG(seed, uint64(time.Now().UnixNano())))}
}

// fill writes new ids, one after the other, of this moment: UUIDv7.
func (s *ids) fill(places ...[]byte) {
	millis := uint64(time.Now().UnixMilli())
	for _, b := range places {
		binary.BigEndian.PutUint64(b, millis<<16|0x7000|s.random.Uint64()&0xfff)
		binary.BigEndian.PutUint64(b[8:], s.random.Uint64()>>2|1<<63)
	}
}

func (s *ids) next() (id ledger.ID) {
	s.fill(id[:])
	return id
}

// A batch is an encoded ApplyRequest that is sent again and again: only the ids in it change.
type batch struct {
	message []byte
	ids     [][]byte // within message
}

// newBatch encodes commands for a ledger.
func newBatch(name string, commands []*ledger.Command) (*batch, error) {
	const fieldLedger, fieldCommands = 1, 2
	b := protowire.AppendString(protowire.AppendTag(nil, fieldLedger, protowire.BytesType), name)
	var places []int
	for _, c := range commands {
		m, err := proto.MarshalOptions{Deterministic: true}.Marshal(rpc.Message(c))
		if err != nil {
			return nil, err
		}
		// The id is field 1 and so the first.
		if len(m) < 18 || m[0] != 1<<3|byte(protowire.BytesType) || m[1] != 16 {
			return nil, errors.New("an encoded command does not begin with its id")
		}
		b = protowire.AppendVarint(protowire.AppendTag(b, fieldCommands, protowire.BytesType), uint64(len(m)))
		places = append(places, len(b)+2)
		b = append(b, m...)
	}
	out := &batch{message: b}
	for _, at := range places {
		out.ids = append(out.ids, b[at:at+16])
	}
	return out, nil
}

// applied reads an ApplyResponse: how many commands there are answers for, all of which must have been applied.
func applied(b []byte) (n int, err error) {
	const fieldResults, fieldCode = 1, 4
	for len(b) > 0 {
		num, _, size := protowire.ConsumeTag(b)
		if size < 0 || num != fieldResults {
			return n, errors.New("the answer is no list of results")
		}
		result, more := protowire.ConsumeBytes(b[size:])
		if more < 0 {
			return n, protowire.ParseError(more)
		}
		b = b[size+more:]
		for r := result; len(r) > 0; {
			num, typ, size := protowire.ConsumeTag(r)
			if size < 0 {
				return n, protowire.ParseError(size)
			}
			if num >= fieldCode {
				if num == fieldCode {
					return n, refusal(result)
				}
				break
			}
			value := protowire.ConsumeFieldValue(num, typ, r[size:])
			if value < 0 {
				return n, protowire.ParseError(value)
			}
			r = r[size+value:]
		}
		n++
	}
	return n, nil
}

func refusal(result []byte) error {
	var m pb.Result
	if err := proto.Unmarshal(result, &m); err != nil {
		return err
	}
	if ledger.Code(m.Code) == ledger.Overloaded {
		return errOverloaded
	}
	return fmt.Errorf("a command was refused: %s, operation %d: %s", ledger.Code(m.Code), m.Operation, m.Message)
}

// errOverloaded: the server takes no more for the moment.
var errOverloaded = errors.New("the server is overloaded")

// textID writes an id in its usual form to 36 bytes.
func textID(to []byte, id *ledger.ID) {
	at := 0
	for n, width := range [...]int{4, 2, 2, 2, 6} {
		if n > 0 {
			to[2*at+n-1] = '-'
		}
		hex.Encode(to[2*at+n:], id[at:at+width])
		at += width
	}
}
