package workers_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"rapport/telemetry"
	"rapport/workers"
)

// The documented user suffices, over TLS with a CA of one's own and a client's
// certificate, and may do nothing that is not needed.
func TestTheDocumentedUserIsEnough(t *testing.T) {
	t.Parallel()
	users, _, _ := documented(t)
	rule := users[0]
	hosts := guard(t)
	url := "rediss://rapport:serve@" + hosts.serve(t, hosts.knowing(t, rule)...).address()
	ours := hosts.worker
	client := opened(t, workers.Redis{URL: url, TLS: ours})
	ok(t, workers.CheckRedis(t.Context(), client))
	for name, wrong := range map[string]*tls.Config{
		"another CA":            {Certificates: ours.Certificates, ServerName: ours.ServerName},
		"another name":          {RootCAs: ours.RootCAs, Certificates: ours.Certificates},
		"no client certificate": {RootCAs: ours.RootCAs, ServerName: ours.ServerName},
	} {
		if opened(t, workers.Redis{URL: url, TLS: wrong}).Ping(t.Context()).Err() == nil {
			t.Errorf("%s: it speaks all the same", name)
		}
	}

	queue := asynq.NewClientFromRedisClient(client)
	for _, retries := range []int{0, 1} { // tasks that take too long, which Asynq sets aside
		_, err := queue.EnqueueContext(t.Context(), asynq.NewTask("deliver", []byte("[]")), asynq.Queue("sms"), asynq.Deadline(time.Now().Add(-time.Minute)), asynq.MaxRetry(retries))
		ok(t, err)
	}
	b := works(t, open(t, files), client, 2)
	b.inWaves(4, 20, func() {})
	b.everybodyHasOne()
	gauges := &workers.Gauges{Gauge: b.store, Queue: workers.OpenQueue(client), Outlets: b.store.Outlets(), Metrics: telemetry.New(telemetry.Options{Now: b.clock}), Now: b.clock}
	ok(t, gauges.Round(t.Context()))
	b.nothingDenied()
	needed(t, rule, []string{"rpush", "ping"}, client) // a worker stops with a task in hand; the bell is silent for long
	if client.Set(t.Context(), "other:key", "", 0).Err() == nil || client.FlushDB(t.Context()).Err() == nil {
		t.Error("the user may do more than it should")
	}
}

// issuer is a certificate authority of a test's own.
type issuer struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         string
}

func authority(t *testing.T) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	ok(t, err)
	plan := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(crand.Reader, plan, plan, &key.PublicKey, key)
	ok(t, err)
	certificate, err := x509.ParseCertificate(der)
	ok(t, err)
	return &issuer{certificate, key, block("CERTIFICATE", der)}
}

// issue makes a certificate for a host, for both ends of a connection.
func (i *issuer) issue(t *testing.T, host string) (certificate, key string) {
	t.Helper()
	own, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	ok(t, err)
	der, err := x509.CreateCertificate(crand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: []string{host}, NotBefore: i.certificate.NotBefore, NotAfter: i.certificate.NotAfter,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, i.certificate, &own.PublicKey, i.key)
	ok(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(own)
	ok(t, err)
	return block("CERTIFICATE", der), block("PRIVATE KEY", secret)
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func bytesOf(a, b string) ([]byte, []byte) { return []byte(a), []byte(b) }
