package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// What the kernel tells of processes on this machine, on Linux.

// ticks are how many of the kernel's ticks a second has, in what it tells programs.
const ticks = 100

// residentPeak is the most memory a process ever had, in MiB.
func residentPeak(pid int) (float64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("read the memory of a process: %w", err)
	}
	for line := range strings.Lines(string(raw)) {
		if value, is := strings.CutPrefix(line, "VmHWM:"); is {
			kib, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
			return kib / 1024, err
		}
	}
	return 0, fmt.Errorf("the kernel does not tell the memory of process %d", pid)
}

// procStat is what /proc/PID/stat tells of one.
type procStat struct {
	parent  int
	seconds float64 // of processor, its own
	waited  float64 // of its children that have ended
}

func statOf(pid int) (procStat, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return procStat{}, err
	}
	_, rest, _ := strings.Cut(string(raw), ") ") // the name may hold anything else
	fields := strings.Fields(rest)
	if len(fields) < 15 {
		return procStat{}, fmt.Errorf("the kernel tells nothing of process %d", pid)
	}
	var numbers [15]float64
	for i := 1; i < len(numbers); i++ {
		numbers[i], _ = strconv.ParseFloat(fields[i], 64) // all but the state are numbers
	}
	return procStat{parent: int(numbers[1]), seconds: (numbers[11] + numbers[12]) / ticks, waited: (numbers[13] + numbers[14]) / ticks}, nil
}

// processorSeconds is the processor time that a process has used.
func processorSeconds(pid int) (float64, error) {
	p, err := statOf(pid)
	if err != nil {
		return 0, fmt.Errorf("read the processor time of a process: %w", err)
	}
	return p.seconds, nil
}

// familySeconds is the processor time of a server of many processes, by one of its
// children; 0 where the server is on another machine.
func familySeconds(child int) float64 {
	of, err := statOf(child)
	if err != nil {
		return 0
	}
	server, err := statOf(of.parent)
	if err != nil {
		return 0
	}
	sum := server.seconds + server.waited
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if p, err := statOf(pid); err == nil && p.parent == of.parent {
			sum += p.seconds
		}
	}
	return sum
}

// infoNumber is a number in what Redis says of itself; 0 where it does not say it.
func infoNumber(said, name string) float64 {
	for line := range strings.Lines(said) {
		if value, is := strings.CutPrefix(strings.TrimSpace(line), name+":"); is {
			number, _ := strconv.ParseFloat(value, 64)
			return number
		}
	}
	return 0
}
