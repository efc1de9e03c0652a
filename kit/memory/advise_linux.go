package memory

import (
	"os"
	"syscall"
	"unsafe"
)

// adviseHuge is MADV_HUGEPAGE.
const adviseHuge = 14

// advise asks for huge pages. It is only advice: a kernel that refuses loses nothing but time.
func advise(b []byte) {
	page := uintptr(os.Getpagesize())
	skip := -uintptr(unsafe.Pointer(unsafe.SliceData(b))) & (page - 1)
	whole := (uintptr(len(b)) - skip) &^ (page - 1)
	_ = syscall.Madvise(b[skip:skip+whole], adviseHuge)
}
