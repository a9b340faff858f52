package campaigns

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"maps"
	"slices"
)

// Digest identifies a set of files by their paths and bytes, in hexadecimal.
func Digest(files map[string][]byte) string {
	sum := sha256.New()
	for _, file := range slices.Sorted(maps.Keys(files)) {
		writeSized(sum, []byte(file))
		writeSized(sum, files[file])
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// writeSized writes bytes after their length, so that two different sequences
// never read the same.
func writeSized(w hash.Hash, content []byte) {
	var size [8]byte
	binary.BigEndian.PutUint64(size[:], uint64(len(content)))
	w.Write(size[:])
	w.Write(content)
}
