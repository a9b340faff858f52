package main

import (
	"crypto/tls"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rapport/config"
)

func TestCertificatesForRedisAreRead(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	own := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(ca, own, 0o600); err != nil {
		t.Fatal(err)
	}
	encrypted, err := redisTLS(config.RedisTLS{CAFile: ca, ServerName: "example.com"})
	if err != nil {
		t.Fatal(err)
	}
	connection, err := tls.Dial("tcp", server.Listener.Addr().String(), encrypted)
	if err != nil {
		t.Fatalf("a server proven by the CA in the file: %v", err)
	}
	connection.Close()

	if plain, err := redisTLS(config.RedisTLS{}); plain != nil || err != nil {
		t.Errorf("no TLS is asked for, and there is %v, %v", plain, err)
	}
	none := filepath.Join(t.TempDir(), "none.pem")
	if err := os.WriteFile(none, []byte("words"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		tls  config.RedisTLS
		want string
	}{
		{config.RedisTLS{CAFile: "/nowhere"}, "redis.tls.ca_file: open /nowhere"},
		{config.RedisTLS{CAFile: none}, "holds no certificate in PEM"},
		{config.RedisTLS{CertFile: none, KeyFile: none}, "redis.tls.cert_file and key_file: "},
	} {
		if _, err := redisTLS(c.tls); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}
