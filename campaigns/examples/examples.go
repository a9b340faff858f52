// Package examples carries the sample workspaces inside the program, so that
// the demo needs no files beside it.
package examples

import (
	"embed"
	"io/fs"
)

//go:embed all:shop
var files embed.FS

// Shop is the sample shop's workspace.
func Shop() fs.FS {
	shop, err := fs.Sub(files, "shop")
	if err != nil {
		return files // cannot be: the folder is embedded above
	}
	return shop
}
