package catalog

import (
	"sync"

	"github.com/longmen/longmen/kit/id"
)

// maxKept is how many versions are kept in memory.
const maxKept = 1_024

// kept are versions as they were read, and checked, from their rows. They never change.
type kept struct {
	mu       sync.Mutex
	versions map[versionKey]Version
}

type versionKey struct {
	tenant id.ID
	code   string
	number uint64
}

func (k *kept) get(key versionKey) (Version, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	v, there := k.versions[key]
	return v, there
}

// put keeps a version. When there are too many, any of them goes.
func (k *kept) put(key versionKey, v Version) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.versions == nil {
		k.versions = map[versionKey]Version{}
	}
	if len(k.versions) >= maxKept {
		for old := range k.versions {
			delete(k.versions, old)
			break
		}
	}
	k.versions[key] = v
}
