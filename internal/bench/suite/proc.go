package suite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// procValue reads one number of a file in /proc, where each line is a name, a
// colon and the number.
func (p *process) procValue(file, name string) (int64, error) {
	path := filepath.Join("/proc", strconv.Itoa(p.Pid()), file)
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	n, ok := valueOf(string(text), name)
	if !ok {
		return 0, fmt.Errorf("%s has no %s", path, name)
	}
	return n, nil
}

func valueOf(text, name string) (int64, bool) {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			fields := strings.Fields(rest)
			if len(fields) == 0 {
				return 0, false
			}
			n, err := strconv.ParseInt(fields[0], 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}

// resident returns the memory that the child has resident, in bytes.
func (p *process) resident() (int64, error) {
	n, err := p.procValue("status", "VmRSS")
	return n << 10, err
}

// ticks is how many times a second the kernel counts the processor's time.
const ticks = 100

// processor returns the time that the child has used of the processor's cores.
func (p *process) processor() (time.Duration, error) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.Pid()), "stat"))
	if err != nil {
		return 0, err
	}
	return processorOf(string(text))
}

// processorOf reads it from a line of /proc/PID/stat: the 14th field and the
// 15th, counted behind the name, which may hold anything.
func processorOf(text string) (time.Duration, error) {
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("stat: %.100q", text)
	}
	user, err := strconv.ParseInt(fields[11], 10, 64)
	if err != nil {
		return 0, err
	}
	system, err := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * time.Second / ticks, err
}

// written returns the bytes that the child has caused to be written to disk.
func (p *process) written() (int64, error) { return p.procValue("io", "write_bytes") }

// stored returns the size of the files in the child's data directory.
func (p *process) stored() (n int64) {
	_ = filepath.WalkDir(p.dir, func(_ string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil { // files come and go
				n += info.Size()
			}
		}
		return nil
	})
	return n
}

// watchResident samples the resident memory until ctx ends, and then returns the
// samples.
func (p *process) watchResident(ctx context.Context, every time.Duration) <-chan []int64 {
	out := make(chan []int64, 1)
	go func() {
		t := time.NewTicker(every)
		defer t.Stop()
		var all []int64
		for {
			if n, err := p.resident(); err == nil {
				all = append(all, n)
			}
			select {
			case <-t.C:
			case <-ctx.Done():
				out <- all
				return
			}
		}
	}()
	return out
}
