package domain

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"rapport/channels/email"
)

// Key is a key that signs, by where its record stands.
type Key struct {
	Domain, Selector string
	// Public is the configured key's; nil where somebody else signs.
	Public crypto.PublicKey
}

func (c Checkup) dkim(ctx context.Context) []Finding {
	if len(c.Keys) == 0 {
		return []Finding{{
			Check: "DKIM", Level: Warn, What: "no key is configured, so that signing is left to the relay",
			Mend: "name the relay's selector with --selector, or make a key with `rapport dkim`",
		}}
	}
	var findings []Finding
	for _, key := range c.Keys {
		findings = append(findings, c.key(ctx, key))
	}
	return findings
}

// key compares what DNS says of a key with the key.
func (c Checkup) key(ctx context.Context, key Key) Finding {
	name := key.Selector + "._domainkey." + key.Domain
	found := func(level Level, what, mend string) Finding {
		f := Finding{Check: "DKIM", Level: level, What: name + " " + what, Mend: mend}
		if record, err := email.Record(key.Public); key.Public != nil && err == nil && level != OK {
			f.Record = txt(name, record)
		}
		return f
	}
	texts, err := c.DNS.texts(ctx, name)
	switch {
	case err != nil:
		return found(Fail, "cannot be looked up: "+err.Error(), "")
	case len(texts) == 0:
		return found(Fail, "has no record, so that signatures prove nothing", "write it")
	case len(texts) > 1:
		return found(Fail, fmt.Sprintf("has %d records; receivers may take any (RFC 6376 §3.6.2.2)", len(texts)), "leave one")
	}
	tags := tagsOf(texts[0])
	public, err := publicKey(tags)
	switch testing := strings.Contains(":"+tags["t"]+":", ":y:"); {
	case err != nil:
		return found(Fail, "cannot be used: "+err.Error(), "write it anew")
	case key.Public != nil && !equal(public, key.Public):
		return found(Fail, "is of another key than the configured one", "write this one in its place")
	case testing:
		return found(Warn, "says that it is only a test (t=y), so that receivers pass over it", "take t=y out")
	}
	if short, is := public.(*rsa.PublicKey); is && short.N.BitLen() < 2048 {
		return found(Warn, fmt.Sprintf("has %d bits; 2048 are recommended (RFC 8301)", short.N.BitLen()), "make a longer key")
	}
	if key.Public == nil {
		return found(OK, "holds a usable key", "")
	}
	return found(OK, "is of the configured key", "")
}

// tagsOf reads a record of tags (RFC 6376 §3.2).
func tagsOf(text string) map[string]string {
	tags := map[string]string{}
	for tag := range strings.SplitSeq(text, ";") {
		name, value, _ := strings.Cut(tag, "=")
		tags[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(value)
	}
	return tags
}

func publicKey(tags map[string]string) (crypto.PublicKey, error) {
	if version, told := tags["v"]; told && version != "DKIM1" {
		return nil, errors.New("its version is not DKIM1")
	}
	text, told := tags["p"]
	if !told {
		return nil, errors.New("it has no key (p=)")
	}
	if text == "" {
		return nil, errors.New("its key was revoked (p is empty)")
	}
	raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return nil, errors.New("its key is not base64; it may have been cut")
	}
	switch tags["k"] {
	case "ed25519":
		if len(raw) != ed25519.PublicKeySize {
			return nil, errors.New("its Ed25519 key is not 32 bytes long")
		}
		return ed25519.PublicKey(raw), nil
	case "", "rsa":
		if key, err := x509.ParsePKIXPublicKey(raw); err == nil {
			return key, nil
		}
		if key, err := x509.ParsePKCS1PublicKey(raw); err == nil {
			return key, nil
		}
		return nil, errors.New("its RSA key cannot be read; it may have been cut")
	}
	return nil, fmt.Errorf("its key is of the kind %q", tags["k"])
}

func equal(one, other crypto.PublicKey) bool {
	same, able := one.(interface{ Equal(crypto.PublicKey) bool })
	return able && same.Equal(other)
}
