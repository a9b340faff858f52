package main

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"rapport/channels/email/domain"
	"rapport/config"
)

// offered is how a listener of ours encrypts; nil without a certificate.
func offered(files config.CertificateFiles, clock func() time.Time, log *slog.Logger) (*tls.Config, error) {
	if files.CertFile == "" {
		return nil, nil
	}
	c := &certificate{files: files, now: clock, log: log}
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
	now   func() time.Time
	log   *slog.Logger

	mu      sync.Mutex
	read    *tls.Certificate
	changed [2]time.Time // of the files, when they were tried last
	tried   time.Time    // when that was, where it failed
	told    string       // why
}

// againAfter is how long files that could not be read rest where they did not change:
// of what a mend of their owner or mode leaves, only reading them tells.
const againAfter = time.Minute

func (c *certificate) current(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var changed [2]time.Time
	for i, name := range []string{c.files.CertFile, c.files.KeyFile} {
		if about, err := os.Stat(name); err == nil {
			changed[i] = about.ModTime()
		}
	}
	if c.read != nil && changed == c.changed && (c.told == "" || c.now().Sub(c.tried) < againAfter) {
		return c.read, nil
	}
	pair, err := tls.LoadX509KeyPair(c.files.CertFile, c.files.KeyFile)
	switch {
	case c.read == nil && err != nil:
		return nil, fmt.Errorf("cert_file and key_file: %w", err)
	case err != nil:
		if changed != c.changed || err.Error() != c.told {
			c.log.Warn("a renewed certificate cannot be read; the one before it is shown", "cert_file", c.files.CertFile, "error", err)
		}
		c.tried, c.told = c.now(), err.Error()
	default:
		if c.read != nil {
			c.log.Info("a renewed certificate was read", "cert_file", c.files.CertFile, "ends", pair.Leaf.NotAfter)
		}
		c.read, c.told = &pair, ""
	}
	c.changed = changed
	return c.read, nil
}

// endsSoon is how near a certificate's end is warned of: who renews does so before.
const endsSoon = 14 * 24 * time.Hour

// checkCertificate looks at what the listener for mail would show.
func checkCertificate(files config.CertificateFiles, at time.Time) []domain.Finding {
	if files.CertFile == "" {
		return nil
	}
	f := domain.Finding{Check: "tls", Level: domain.OK}
	pair, err := tls.LoadX509KeyPair(files.CertFile, files.KeyFile)
	if err != nil {
		f.Level, f.What = domain.Fail, "inbound.smtp.tls: "+err.Error()
		return []domain.Finding{f}
	}
	day := func(t time.Time) string { return t.UTC().Format(time.DateOnly) }
	f.What = "the certificate that mail comes by ends on " + day(pair.Leaf.NotAfter)
	switch {
	case at.Before(pair.Leaf.NotBefore):
		f.Level, f.What = domain.Fail, "the certificate that mail comes by begins on "+day(pair.Leaf.NotBefore)
	case at.After(pair.Leaf.NotAfter):
		f.Level, f.What, f.Mend = domain.Fail, "the certificate that mail comes by ended on "+day(pair.Leaf.NotAfter), "renew "+files.CertFile
	case pair.Leaf.NotAfter.Sub(at) < endsSoon:
		f.Level, f.Mend = domain.Warn, "renew "+files.CertFile
	}
	return []domain.Finding{f}
}
