package email

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"time"

	"rapport/channels"
)

// signed are the fields that a signature covers where they are there (RFC 6376
// §5.4.1); RFC 8058 §4 asks for both of List-Unsubscribe. What a relay may add
// on the way is not signed as absent.
var signed = []string{
	"From", "To", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "MIME-Version", "Content-Type",
	"Content-Transfer-Encoding", "List-ID", "List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted", "Feedback-ID",
}

// sign gives the signatures to put before a message: one for every key of the
// sender's domain or of one above it, as DMARC's alignment wants. Without any keys
// that is the relay's work; with keys of other domains only, the message would be
// taken for forged.
//
// What all signatures have in common is made once: the digest of the body, and the
// fields in the form that is signed (both "relaxed", RFC 6376 §3.4).
func sign(raw []byte, from string, keys []dkimKey, at time.Time) ([]byte, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	var signatures, fields []byte
	var names, digest string
	for _, key := range keys {
		if !key.speaksFor(from) {
			continue
		}
		if digest == "" {
			header, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
			digest = digestOf(body)
			names, fields = covered(header)
		}
		signature, err := key.sign(fields, names, digest, at)
		if err != nil {
			return nil, &channels.Refused{Reason: channels.ReasonRejected, Err: fmt.Errorf("sign for %s: %w", key.domain, err)}
		}
		signatures = append(signatures, signature...)
	}
	if signatures == nil {
		return nil, &channels.Refused{Reason: channels.ReasonRejected, Err: errors.New("none of the DKIM keys is for the sender's domain")}
	}
	return signatures, nil
}

// sign writes one signature's field, its line's end included.
func (k dkimKey) sign(fields []byte, names, digest string, at time.Time) ([]byte, error) {
	algorithm, hashed := "ed25519-sha256", crypto.Hash(0)
	if _, long := k.signer.Public().(*rsa.PublicKey); long {
		algorithm, hashed = "rsa-sha256", crypto.SHA256
	}
	field := []byte("DKIM-Signature: v=1; a=" + algorithm + "; c=relaxed/relaxed; t=" + strconv.FormatInt(at.Unix(), 10) + ";\r\n d=" + k.domain +
		"; s=" + k.selector + ";\r\n h=" + names + ";\r\n bh=" + digest + ";\r\n b=")
	sum := sha256.Sum256(relaxed(bytes.Clone(fields), field))
	signature, err := k.signer.Sign(rand.Reader, sum[:], hashed)
	if err != nil {
		return nil, err
	}
	text := base64.StdEncoding.EncodeToString(signature)
	for ; len(text) > lineWanted-3; text = text[lineWanted-3:] {
		field = append(append(field, text[:lineWanted-3]...), "\r\n "...)
	}
	return append(append(field, text...), "\r\n"...), nil
}

// covered are the fields of a header to sign, by name and in the form that is signed.
// From stands there once more than in the message, so that nobody can put a second
// one on top (RFC 6376 §8.15).
func covered(header []byte) (names string, fields []byte) {
	there := map[string][]byte{}
	for len(header) > 0 {
		end := 0
		for { // a line that begins with space goes on with the one before
			next := bytes.Index(header[end:], []byte("\r\n"))
			if next < 0 {
				end = len(header)
				break
			}
			if end += next; end+2 >= len(header) || header[end+2] != ' ' && header[end+2] != '\t' {
				break
			}
			end += 2
		}
		name, _, _ := bytes.Cut(header[:end], []byte(":"))
		there[string(name)] = header[:end]
		header = header[min(len(header), end+2):]
	}
	list := []string{"From"}
	for _, name := range signed {
		field, is := there[name]
		if !is {
			continue
		}
		list = append(list, name)
		fields = append(relaxed(fields, field), "\r\n"...)
	}
	return folded(list), fields
}

// folded lists names, with a new line where one would be too long.
func folded(names []string) string {
	var list strings.Builder
	length := 0
	for i, name := range names {
		if i > 0 {
			list.WriteByte(':')
			if length += 1 + len(name); length > lineWanted-8 {
				list.WriteString("\r\n ")
				length = len(name)
			}
		}
		list.WriteString(name)
	}
	return list.String()
}

// relaxed adds a field in the form that is signed: its name in small letters, its
// lines joined, runs of space made one (RFC 6376 §3.4.2).
func relaxed(out, field []byte) []byte {
	name, value, _ := bytes.Cut(field, []byte(":"))
	out = append(append(out, bytes.ToLower(bytes.TrimSpace(name))...), ':')
	for i, word := range bytes.FieldsFunc(value, isFolding) {
		if i > 0 {
			out = append(out, ' ')
		}
		out = append(out, word...)
	}
	return out
}

func isFolding(r rune) bool { return r == ' ' || r == '\t' || r == '\r' || r == '\n' }

// digestOf is the digest of a body in the form that is signed: no space at the ends of
// lines, runs of it made one, no empty lines at the end (RFC 6376 §3.4.4).
func digestOf(body []byte) string {
	digest := sha256.New()
	empty := 0
	for len(body) > 0 {
		line, rest, _ := bytes.Cut(body, []byte("\r\n"))
		body = rest
		if line = bytes.TrimRight(line, " \t"); len(line) == 0 {
			empty++
			continue
		}
		for ; empty > 0; empty-- {
			digest.Write([]byte("\r\n"))
		}
		single(digest, line)
		digest.Write([]byte("\r\n"))
	}
	return base64.StdEncoding.EncodeToString(digest.Sum(nil))
}

// single writes a line with runs of space, of whatever kind, made one.
func single(digest hash.Hash, line []byte) {
	for {
		at := bytes.Index(line, []byte("  "))
		if tab := bytes.IndexByte(line, '\t'); tab >= 0 && (at < 0 || tab < at) {
			if at = tab; tab > 0 && line[tab-1] == ' ' {
				at-- // the run begins with a space
			}
		}
		if at < 0 {
			digest.Write(line)
			return
		}
		digest.Write(line[:at])
		digest.Write([]byte(" "))
		line = bytes.TrimLeft(line[at:], " \t")
	}
}
