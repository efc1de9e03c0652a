package clock

import (
	"sync"
	"time"
)

// zones are those that were read, by their names. There are only so many.
var zones sync.Map

// Zone is the time zone of a name. The machine's files are read for it once.
func Zone(name string) (*time.Location, error) {
	if known, ok := zones.Load(name); ok {
		return known.(*time.Location), nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, err
	}
	zones.Store(name, zone)
	return zone, nil
}
