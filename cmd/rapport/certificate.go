package main

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"time"

	"rapport/config"
)

// offered is how a listener of ours encrypts; nil without a certificate.
func offered(files config.CertificateFiles) (*tls.Config, error) {
	if files.CertFile == "" {
		return nil, nil
	}
	c := &certificate{files: files}
	if _, err := c.current(nil); err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.current}, nil
}

// certificate is one whose files are renewed while the program runs. It is read anew
// when one of them is another than it was; files that do not fit together, as in the
// middle of a renewal, leave the one that was read last.
type certificate struct {
	files config.CertificateFiles

	mu      sync.Mutex
	read    *tls.Certificate
	changed [2]time.Time // of the files, when they were read
}

func (c *certificate) current(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var changed [2]time.Time
	for i, name := range []string{c.files.CertFile, c.files.KeyFile} {
		if about, err := os.Stat(name); err == nil {
			changed[i] = about.ModTime()
		}
	}
	if c.read != nil && changed == c.changed {
		return c.read, nil
	}
	pair, err := tls.LoadX509KeyPair(c.files.CertFile, c.files.KeyFile)
	if err == nil {
		c.read, c.changed = &pair, changed
	}
	if c.read != nil {
		return c.read, nil
	}
	return nil, fmt.Errorf("cert_file and key_file: %w", err)
}
