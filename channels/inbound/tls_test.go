package inbound_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"strings"
	"testing"
	"time"
)

// named makes a certificate in a host's name, and who believes in it.
func named(t *testing.T, host string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	made := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{host}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, made, made, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func TestALetterComesEncrypted(t *testing.T) {
	certificate, believed := named(t, "reply.shop.example")
	var k kept
	client := dial(t, serveBy(t, &k, 0, &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate}}))
	if err := client.StartTLS(&tls.Config{ServerName: "reply.shop.example", RootCAs: believed}); err != nil {
		t.Fatal(err)
	}
	if state, encrypted := client.TLSConnectionState(); !encrypted || state.Version < tls.VersionTLS12 {
		t.Errorf("%+v", state)
	}
	if err := send(client, "ann@home.example", replyBox, "Subject: hello\r\n\r\nbody\r\n"); err != nil {
		t.Fatal(err)
	}
	if len(k.messages) != 1 || !strings.Contains(k.messages[0], "body") {
		t.Errorf("kept %q", k.messages)
	}
}

// Encrypted chatter ends like any other.
func TestEncryptedChatterIsEnded(t *testing.T) {
	certificate, believed := named(t, "reply.shop.example")
	var k kept
	client := dial(t, serveBy(t, &k, 0, &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate}}))
	if err := client.StartTLS(&tls.Config{ServerName: "reply.shop.example", RootCAs: believed}); err != nil {
		t.Fatal(err)
	}
	for n := range 100 {
		if err := client.Noop(); err != nil {
			if n < 30 {
				t.Errorf("ended after %d: %v", n, err)
			}
			return
		}
	}
	t.Error("it was never ended")
}

func TestWithoutACertificateNothingIsOffered(t *testing.T) {
	var k kept
	client := dial(t, listen(t, &k))
	if offered, _ := client.Extension("STARTTLS"); offered {
		t.Error("STARTTLS is offered")
	}
}
