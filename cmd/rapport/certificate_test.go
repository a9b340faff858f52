package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rapport/config"
)

// A certificate that is renewed is shown from then on; one whose files do not fit
// together yet leaves the last.
func TestARenewedCertificateIsShown(t *testing.T) {
	folder := t.TempDir()
	files := config.CertificateFiles{CertFile: filepath.Join(folder, "mail.pem"), KeyFile: filepath.Join(folder, "mail.key")}
	if _, err := offered(files); err == nil || !strings.Contains(err.Error(), "cert_file and key_file: open ") {
		t.Errorf("files that are not there: %v", err)
	}
	changes := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	put := func(name, kind string, der []byte) {
		t.Helper()
		if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		changes = changes.Add(time.Second)
		if err := os.Chtimes(name, changes, changes); err != nil {
			t.Fatal(err)
		}
	}
	issue := func(number int64) (certificate, key []byte) {
		t.Helper()
		secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		made := &x509.Certificate{SerialNumber: big.NewInt(number), DNSNames: []string{"reply.shop.example"}}
		if certificate, err = x509.CreateCertificate(rand.Reader, made, made, secret.Public(), secret); err != nil {
			t.Fatal(err)
		}
		if key, err = x509.MarshalPKCS8PrivateKey(secret); err != nil {
			t.Fatal(err)
		}
		return certificate, key
	}
	certificate, key := issue(1)
	put(files.CertFile, "CERTIFICATE", certificate)
	put(files.KeyFile, "PRIVATE KEY", key)
	encrypted, err := offered(files)
	if err != nil {
		t.Fatal(err)
	}
	shows := func(number int64) {
		t.Helper()
		pair, err := encrypted.GetCertificate(nil)
		if err != nil || pair.Leaf.SerialNumber.Int64() != number {
			t.Errorf("shown: %+v, %v; want number %d", pair, err, number)
		}
	}
	shows(1)
	certificate, key = issue(2)
	put(files.CertFile, "CERTIFICATE", certificate)
	shows(1)
	put(files.KeyFile, "PRIVATE KEY", key)
	shows(2)
	if err := os.Remove(files.CertFile); err != nil {
		t.Fatal(err)
	}
	shows(2)
}
