// Package thread tells the operating system which work can wait.
//
// The package must not know what the work is.
package thread

// Yield makes the calling goroutine stand back behind others for the processors until it ends: its thread is its own
// from now on and has a lower priority. Where the operating system can't, it does nothing.
func Yield() { lower() }
