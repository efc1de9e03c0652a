package history

import "encoding/binary"

// Entries that lie together are much alike: the lines of one payment differ in account, amount and balances only. A
// block of them is stored packed: of each eight bytes the difference to those of the record before, zigzag, as a varint.
// A packed block is never as long as whole records, which is how blocks of older programs, that were not packed, are
// told apart.

// packEntries packs whole records, with room for the checksum.
func packEntries(data []byte) []byte {
	b := make([]byte, 0, len(data)/3+sealSize)
	var last [entrySize / 8]uint64
	for ; len(data) > 0; data = data[entrySize:] {
		r := data[:entrySize]
		for i := range last {
			v := le.Uint64(r[8*i:])
			b = binary.AppendVarint(b, int64(v-last[i]))
			last[i] = v
		}
	}
	if len(b)%entrySize == 0 {
		b = append(b, 0)
	}
	return b
}

// unpackEntries gives the records of a stored block; it is false when they can't be read.
func unpackEntries(data []byte) ([]byte, bool) {
	if len(data)%entrySize == 0 {
		return data, len(data) <= blockSize*entrySize
	}
	records := make([]byte, 0, blockSize*entrySize+sealSize)
	var last [entrySize / 8]uint64
	for len(data) >= len(last) && len(records) < blockSize*entrySize {
		for i := range last {
			v, n := binary.Varint(data)
			if n <= 0 {
				return nil, false
			}
			data = data[n:]
			last[i] += uint64(v)
			records = le.AppendUint64(records, last[i])
		}
	}
	return records, len(data) == 0 || len(data) == 1 && data[0] == 0
}

// pack gives what is stored of a block of a log, with room for the checksum.
func pack(log int, data []byte) []byte {
	if log == logEntry {
		return packEntries(data)
	}
	return data
}

// unpack gives the records of a block; it is false when they can't be read.
func unpack(log int, data []byte) ([]byte, bool) {
	if log == logEntry {
		return unpackEntries(data)
	}
	return data, len(data)%logSizes[log] == 0 && len(data) <= blockSize*logSizes[log]
}
