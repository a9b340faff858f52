// Package recordings owns what was said on a telephone and kept: a row for every
// recording, from the provider's word of it to the day it is deleted, and the
// sound itself in a folder or a bucket.
//
// It does not own the SQL of the rows (store), the fetching (workers), the
// provider's side (channels/call) or who may listen (console).
package recordings
