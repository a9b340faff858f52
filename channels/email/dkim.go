package email

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"rapport/channels"
)

// DKIM is a key that signs what a domain sends (RFC 6376, RFC 8463). Exactly one
// of Key and KeyFile is set: PEM of an RSA key of at least 2048 bits or of an
// Ed25519 key. Two keys of one domain give two signatures.
type DKIM struct {
	Domain   string          `yaml:"domain"`
	Selector string          `yaml:"selector"`
	Key      channels.Secret `yaml:"key"`
	KeyFile  string          `yaml:"key_file"`
}

// leastBits is the shortest RSA key that is worth signing with (RFC 8301 §3.2).
const leastBits = 2048

// Signer reads the private key.
func (d DKIM) Signer() (crypto.Signer, error) {
	text := []byte(d.Key)
	switch {
	case (d.Key == "") == (d.KeyFile == ""):
		return nil, errors.New("give one of key and key_file")
	case d.KeyFile != "":
		var err error
		if text, err = os.ReadFile(d.KeyFile); err != nil {
			return nil, fmt.Errorf("key_file: %w", err)
		}
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("the key is not in PEM")
	}
	var parsed any
	var err error
	if block.Type == "RSA PRIVATE KEY" {
		parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	} else {
		parsed, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	if err != nil {
		return nil, errors.New("the key is no private key of PKCS #8 or PKCS #1")
	}
	switch key := parsed.(type) {
	case *rsa.PrivateKey:
		if key.N.BitLen() < leastBits {
			return nil, fmt.Errorf("the RSA key has %d bits; it must have at least %d", key.N.BitLen(), leastBits)
		}
		return key, nil
	case ed25519.PrivateKey:
		return key, nil
	}
	return nil, fmt.Errorf("the key is of a kind that DKIM does not know (%T); RSA and Ed25519 are", parsed)
}

// Record is what stands in DNS at SELECTOR._domainkey.DOMAIN for a key
// (RFC 6376 §3.6.1, RFC 8463 §4).
func Record(public crypto.PublicKey) (string, error) {
	if key, is := public.(ed25519.PublicKey); is {
		return "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(key), nil
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return "", fmt.Errorf("write the DKIM record: %w", err)
	}
	return "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der), nil
}

// dkimKey is a key that has been read.
type dkimKey struct {
	domain, selector string
	signer           crypto.Signer
}

var (
	domainForm   = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$`)
	selectorForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)
)

func openKeys(list []DKIM) ([]dkimKey, []error) {
	var keys []dkimKey
	var mistakes []error
	for i, d := range list {
		wrong := func(what string) { mistakes = append(mistakes, fmt.Errorf("dkim[%d]: %s", i, what)) }
		key := dkimKey{domain: strings.ToLower(d.Domain), selector: strings.ToLower(d.Selector)}
		if !domainForm.MatchString(key.domain) {
			wrong("domain is not a domain such as shop.example")
		}
		if !selectorForm.MatchString(key.selector) {
			wrong("selector is not a name such as rapport1")
		}
		var err error
		if key.signer, err = d.Signer(); err != nil {
			wrong(err.Error())
		}
		keys = append(keys, key)
	}
	return keys, mistakes
}

func (k dkimKey) speaksFor(address string) bool {
	_, domain := halves(strings.ToLower(address))
	return domain == k.domain || strings.HasSuffix(domain, "."+k.domain)
}
