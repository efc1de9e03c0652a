// Package collection keeps who looks after a loan that is late 催收, what was said, what was promised, and that it rests
// while somebody disputes it.
//
// There is no task to be made or closed: a loan that is late is one, in the bucket of the day asked. What is kept are
// entries that never change; a case is what they add up to.
//
// The package must not know what is owed and why, or who may do what.
package collection
