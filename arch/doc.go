// Package arch holds the rules of this house and tests that enforce them: which layer may import which, what the core
// may be called, what every package and file looks like, and what keeps the engine deterministic.
//
// Each rule is a function over plain data, so that its own test can break it. A finding names the file and line, the
// rule, and what to do.
//
// The package must not know what any other package does.
package arch
