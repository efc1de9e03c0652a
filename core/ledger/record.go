package ledger

import "encoding/binary"

// Record is what the journal holds of a command: its canonical bytes, and the attachment that the leader made from
// the past when the command asks for something to be undone. The engine has no I/O, so everything it needs of the
// past stands there.
//
//	command length u32 | command | attachment (the rest, empty for most)
type Record struct {
	Command    []byte
	Attachment []byte
}

// AppendRecord appends the bytes of a record.
func AppendRecord(b []byte, r Record) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(r.Command)))
	b = append(b, r.Command...)
	return append(b, r.Attachment...)
}

// DecodeRecord splits the bytes of a record; the parts share b.
func DecodeRecord(b []byte) (Record, error) {
	if len(b) < 4 {
		return Record{}, refuse(Malformed, 0, "record of %d bytes is too short", len(b))
	}
	n := binary.LittleEndian.Uint32(b)
	if int64(n) > int64(len(b)-4) || n > MaxCommand {
		return Record{}, refuse(Malformed, 0, "record: command length %d does not fit", n)
	}
	return Record{Command: b[4 : 4+n : 4+n], Attachment: b[4+n:]}, nil
}
