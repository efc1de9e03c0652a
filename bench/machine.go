package bench

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/longmen/longmen/kit/version"
)

// Machine names what the figures were measured on.
type Machine struct {
	CPU        string    `json:"cpu"`
	Cores      int       `json:"cores"`
	Memory     uint64    `json:"memory_bytes"`
	OS         string    `json:"os"`
	Go         string    `json:"go"`
	Version    string    `json:"longmen"`
	Date       time.Time `json:"date"`
	Folder     string    `json:"folder"`
	SyncMicros float64   `json:"sync_micros"` // median time until a written page is on the folder's disk
	Load       float64   `json:"load"`        // tasks that ran or wanted to in the minute before
}

// machine looks at what it runs on; folder is where the data will lie.
func machine(folder string) (Machine, error) {
	m := Machine{
		CPU: field("/proc/cpuinfo", "model name"), Cores: runtime.NumCPU(), OS: runtime.GOOS + "/" + runtime.GOARCH,
		Go: runtime.Version(), Version: version.Read().Version, Date: time.Now().UTC().Truncate(time.Second), Folder: folder,
	}
	kb, _ := strconv.ParseUint(strings.TrimSuffix(field("/proc/meminfo", "MemTotal"), " kB"), 10, 64)
	m.Memory = kb << 10
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.OS += " " + string(bytes.TrimSpace(release))
	}
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		m.Load, _ = strconv.ParseFloat(strings.Fields(string(load))[0], 64)
	}
	sync, err := syncTime(folder)
	m.SyncMicros = micros(sync)
	return m, err
}

// field reads "name : value" from a file of the kernel, nothing where there is none.
func field(path, name string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if key, value, ok := strings.Cut(s.Text(), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// syncTime is the median time that writing a page and waiting for the disk takes.
func syncTime(folder string) (median time.Duration, err error) {
	f, err := os.Create(filepath.Join(folder, "sync"))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	page := make([]byte, 4096)
	times := make([]time.Duration, 64)
	for i := range times {
		began := time.Now()
		if _, err := f.WriteAt(page, int64(i*len(page))); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		times[i] = time.Since(began)
	}
	slices.Sort(times)
	return times[len(times)/2], nil
}
