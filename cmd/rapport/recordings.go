package main

import (
	"fmt"
	"io"
	"path/filepath"
	"time"

	"rapport/channels"
	"rapport/config"
	"rapport/recordings"
	"rapport/workers"
)

// openVault opens where recordings are kept; nil where the configuration names
// no place.
func openVault(c config.Recordings) (recordings.Vault, error) {
	switch {
	case c.S3.Bucket != "":
		return recordings.OpenBucket(recordings.BucketSettings{
			Endpoint: c.S3.Endpoint, Bucket: c.S3.Bucket, Region: c.S3.Region, Plain: c.S3.Plain,
			AccessKey: c.S3.AccessKey.Reveal(), SecretKey: c.S3.SecretKey.Reveal(),
		})
	case c.Folder != "":
		return recordings.Folder{Path: c.Folder}, nil
	}
	return nil, nil
}

// besideStore is the place of an embedded installation's recordings, unless the
// configuration names another.
func besideStore(c config.Recordings, folder string) config.Recordings {
	if c.Folder == "" && c.S3.Bucket == "" {
		c.Folder = filepath.Join(folder, "sounds")
	}
	return c
}

// keeper fetches and keeps recordings: the scheduler's starts tasks, a worker's
// does them.
func (i *installation) keeper() *workers.Keeper {
	return &workers.Keeper{
		Ledger: i.Store.Recordings(), Vault: i.Vault, Recorder: i.recorder(), For: time.Duration(i.Retention.Recordings), Move: i.MoveRecordings,
		Queue: i.queue(), Now: i.Now, Log: i.Log,
	}
}

// recorder is the provider of calls, where it keeps recordings; nil where there is none.
func (i *installation) recorder() channels.Recorder {
	recorder, _ := i.Senders[channels.Call].(channels.Recorder)
	return recorder
}

// printRecordings lists what was recorded of a customer, the newest first. They
// are listened to in the console.
func printRecordings(w io.Writer, all []recordings.Recording, zone *time.Location) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintln(w, "\nRecordings")
	for _, r := range all {
		of := "talk with a person"
		if r.Question != "" {
			of = "answer to " + r.Question
		}
		fmt.Fprintf(w, "  %-4d %s  %-22s %6s  %s\n", r.ID, stamp(r.At, zone), of, r.Lasted, r.State)
	}
}
