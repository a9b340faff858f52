package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"github.com/redis/go-redis/v9"

	"rapport/config"
	"rapport/workers"
)

// openRedis connects to the configured Redis.
func openRedis(c config.Redis) (redis.UniversalClient, error) {
	encrypted, err := redisTLS(c.TLS)
	if err != nil {
		return nil, err
	}
	return workers.Redis{
		URL: c.URL.Reveal(), Cluster: c.Cluster,
		Sentinel: workers.Sentinel{
			Master: c.Sentinel.Master, Addresses: c.Sentinel.Addresses,
			Username: c.Sentinel.Username, Password: c.Sentinel.Password.Reveal(),
		},
		Username: c.Username, Password: c.Password.Reveal(), Database: c.Database, TLS: encrypted,
	}.Open()
}

// redisTLS reads the certificates; nil is a connection without TLS, or one as
// the URL says.
func redisTLS(c config.RedisTLS) (*tls.Config, error) {
	if c == (config.RedisTLS{}) {
		return nil, nil
	}
	encrypted := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.ServerName}
	if c.CAFile != "" {
		written, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("redis.tls.ca_file: %w", err)
		}
		encrypted.RootCAs = x509.NewCertPool()
		if !encrypted.RootCAs.AppendCertsFromPEM(written) {
			return nil, fmt.Errorf("redis.tls.ca_file: %s holds no certificate in PEM", c.CAFile)
		}
	}
	if c.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("redis.tls.cert_file and key_file: %w", err)
		}
		encrypted.Certificates = []tls.Certificate{pair}
	}
	return encrypted, nil
}
