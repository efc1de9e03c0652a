package plan

import "time"

// LookEvery sets how soon events are seen that another node has planned, and gives back how it was.
func LookEvery(d time.Duration) (before time.Duration) {
	before, lookEvery = lookEvery, d
	return before
}

// DueCondition is the condition by which events are found that are due.
const DueCondition = waiting

// Alike is the condition by which events are found that are like one.
const Alike = alike

// Cleared is the query of what is removed.
const Cleared = cleared
