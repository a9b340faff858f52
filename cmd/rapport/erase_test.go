package main

import (
	"path/filepath"
	"syscall"
	"testing"
)

func TestACustomerIsErased(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	address := "127.0.0.1:" + freePort(t)
	up := startUp(t, data, address)
	t.Setenv("RAPPORT_LISTEN", address)
	wants(t, 1, "add --yes to erase", "erase", "c00003", "--data", data)
	wants(t, 0, "c00003", "customer", "c00003", "--data", data)
	wants(t, 0, "c00003 is erased", "erase", "c00003", "--yes", "--data", data) // by the running program
	wants(t, 1, "c00003", "customer", "c00003", "--data", data)

	up.signal(syscall.SIGTERM)
	wants(t, 0, "c00004 is erased: ", "erase", "c00004", "--yes", "--data", data)
	wants(t, 0, `"stopped"`, "erase", "c00005", "--yes", "--format", "json", "--data", data)
	wants(t, 1, "nobody", "erase", "c00004", "--yes", "--data", data)
}
