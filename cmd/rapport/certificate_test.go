package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rapport/channels/email/domain"
	"rapport/config"
)

// issue makes a certificate that holds for a while from then on, and its key.
func issue(t *testing.T, number int64, from time.Time, lasts time.Duration) (certificate, key []byte) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	made := &x509.Certificate{SerialNumber: big.NewInt(number), DNSNames: []string{"reply.shop.example"}, NotBefore: from, NotAfter: from.Add(lasts)}
	if certificate, err = x509.CreateCertificate(rand.Reader, made, made, secret.Public(), secret); err != nil {
		t.Fatal(err)
	}
	if key, err = x509.MarshalPKCS8PrivateKey(secret); err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
}

// A certificate that is renewed is shown from then on; one whose files do not fit
// together yet leaves the last, which is told once.
func TestARenewedCertificateIsShown(t *testing.T) {
	folder := t.TempDir()
	files := config.CertificateFiles{CertFile: filepath.Join(folder, "mail.pem"), KeyFile: filepath.Join(folder, "mail.key")}
	clock := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	var told bytes.Buffer
	offer := func() (*tls.Config, error) {
		return offered(files, func() time.Time { return clock }, slog.New(slog.NewTextHandler(&told, nil)))
	}
	if _, err := offer(); err == nil || !strings.Contains(err.Error(), "cert_file and key_file: open ") {
		t.Errorf("files that are not there: %v", err)
	}
	changes := clock
	put := func(name string, content []byte) {
		t.Helper()
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
		changes = changes.Add(time.Second)
		if err := os.Chtimes(name, changes, changes); err != nil {
			t.Fatal(err)
		}
	}
	certificate, key := issue(t, 1, clock, time.Hour)
	put(files.CertFile, certificate)
	put(files.KeyFile, key)
	encrypted, err := offer()
	if err != nil {
		t.Fatal(err)
	}
	shows := func(number int64, warnings int) {
		t.Helper()
		pair, err := encrypted.GetCertificate(nil)
		if err != nil || pair.Leaf.SerialNumber.Int64() != number {
			t.Errorf("shown: %+v, %v; want number %d", pair, err, number)
		}
		if got := strings.Count(told.String(), "level=WARN msg=\"a renewed certificate cannot be read"); got != warnings {
			t.Errorf("%d warnings, want %d:\n%s", got, warnings, &told)
		}
	}
	shows(1, 0)
	certificate, key = issue(t, 2, clock, time.Hour)
	put(files.CertFile, certificate)
	shows(1, 1)
	shows(1, 1)
	put(files.CertFile, certificate)
	shows(1, 2)
	put(files.KeyFile, key)
	shows(2, 2)
	if err := os.Remove(files.CertFile); err != nil {
		t.Fatal(err)
	}
	shows(2, 3)
	if !strings.Contains(told.String(), "private key does not match") || !strings.Contains(told.String(), "no such file") || !strings.Contains(told.String(), "level=INFO") {
		t.Errorf("why is not told:\n%s", &told)
	}

	// files that could not be read and did not change since rest for a minute
	put(files.CertFile, certificate)
	third, thirdKey := issue(t, 3, clock, time.Hour)
	put(files.KeyFile, thirdKey)
	shows(2, 4)
	changes = changes.Add(-2 * time.Second)
	put(files.CertFile, third) // with the time that it had
	shows(2, 4)
	clock = clock.Add(time.Minute)
	shows(3, 4)
}

// What other servers would be shown is told before they turn away.
func TestADoctorTellsWhenACertificateEnds(t *testing.T) {
	at, folder := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), t.TempDir()
	files := config.CertificateFiles{CertFile: filepath.Join(folder, "mail.pem"), KeyFile: filepath.Join(folder, "mail.key")}
	tells := func(level domain.Level, what string) {
		t.Helper()
		if found := checkCertificate(files, at); len(found) != 1 || found[0].Level != level || !strings.Contains(found[0].What, what) {
			t.Errorf("found %+v, want %s: %s", found, level, what)
		}
	}
	if found := checkCertificate(config.CertificateFiles{}, at); found != nil {
		t.Errorf("without a certificate: %+v", found)
	}
	tells(domain.Fail, "inbound.smtp.tls: open ")
	for _, one := range []struct {
		from  time.Time
		level domain.Level
		what  string
	}{
		{at.AddDate(0, 0, -10), domain.OK, "ends on 2027-01-20"},
		{at.AddDate(0, 0, -77), domain.Warn, "ends on 2026-11-14"},
		{at.AddDate(0, 0, -91), domain.Fail, "ended on 2026-10-31"},
		{at.AddDate(0, 0, 2), domain.Fail, "begins on 2026-11-03"},
	} {
		certificate, key := issue(t, 1, one.from, 90*24*time.Hour)
		for name, content := range map[string][]byte{files.CertFile: certificate, files.KeyFile: key} {
			if err := os.WriteFile(name, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		tells(one.level, one.what)
	}
	settings := filepath.Join(folder, "config.yaml")
	written := "inbound: {domain: reply.shop.example, smtp: {listen: '127.0.0.1:0', tls: {cert_file: " + files.CertFile + ", key_file: " + filepath.Join(folder, "other.key") + "}}}\n"
	if err := os.WriteFile(settings, []byte(written), 0o600); err != nil {
		t.Fatal(err)
	}
	wants(t, 1, "fail  tls       inbound.smtp.tls: open ", "doctor", "--config", settings, "--data", folder, "--domain", "127.0.0.1", "--dns", "127.0.0.1:1")
}
