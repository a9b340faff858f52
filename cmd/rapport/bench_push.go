package main

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"runtime"

	"rapport/channels"
	"rapport/channels/webpush"
	"rapport/sandbox/sink"
)

// browserKeys are how many different keys browsers have here; each has an endpoint
// of its own.
const browserKeys = 256

// push measures notifications against encrypting as many texts under a token that
// is signed once, with nothing sent and nothing kept.
func (b *bench) push(ctx context.Context) ([]figure, error) {
	sender, err := webpush.VAPID{
		PublicKey: b.keys.PushPublic, PrivateKey: channels.Secret(b.keys.PushPrivate),
		Subject: "mailto:bench@bench.example", BaseURL: b.sink.HTTP, Now: now,
	}.Open()
	if err != nil {
		return nil, err
	}
	if err := b.populate(ctx, b.sizes.N); err != nil {
		return nil, err
	}
	if err := b.subscribe(ctx); err != nil {
		return nil, err
	}
	w := way{
		name: "web push", campaign: "push", channel: channels.Push, provider: "vapid", sender: sender, kind: sink.Push, path: "/push/flood",
	}
	s, err := b.send(ctx, w)
	if err != nil {
		return nil, err
	}
	samples, err := b.sink.samples(ctx, sink.Push)
	if err != nil {
		return nil, err
	}
	one, err := sealing(samples[0], b.sizes.N, 1)
	if err != nil {
		return nil, err
	}
	all, err := sealing(samples[0], b.sizes.N, runtime.NumCPU())
	if err != nil {
		return nil, err
	}
	flood, err := b.flood(ctx, sink.Push, floodable(sink.Push, w.path, samples[0]), max(b.sizes.N, 20_000))
	if err != nil {
		return nil, fmt.Errorf("flood the sink: %w", err)
	}
	alone := figure{Work: w.name + ", the sink by itself", N: max(b.sizes.N, 20_000), Rate: flood, Seconds: float64(max(b.sizes.N, 20_000)) / flood}
	return []figure{
		s.stage.against("bare encryption, one processor", one).share(0.6),
		s.stage.against(fmt.Sprintf("bare encryption, all %d processors", runtime.NumCPU()), all),
		s.whole.against("bare encryption, one processor", one),
		alone.against("the program", s.stage.Rate).share(3),
	}, nil
}

// subscribe gives everybody who is pushed to a browser.
func (b *bench) subscribe(ctx context.Context) error {
	encode := base64.RawURLEncoding.EncodeToString
	browsers := make([]channels.PushSubscription, browserKeys)
	for n := range browsers {
		key, err := ecdh.P256().GenerateKey(rand.Reader)
		if err != nil {
			return err
		}
		auth := make([]byte, 16)
		_, _ = rand.Read(auth) // never fails
		browsers[n] = channels.PushSubscription{P256dh: encode(key.PublicKey().Bytes()), Auth: encode(auth)}
	}
	numbers := make([]int, b.sizes.N)
	for n := range numbers {
		numbers[n] = n
	}
	return inParallel(numbers, max(1, b.sizes.N/walkers), func(some []int) error {
		for _, n := range some {
			browser := browsers[n%browserKeys]
			browser.Endpoint = fmt.Sprintf("%s/push/%d", b.sink.HTTP, n)
			if err := b.Store.Subscribe(ctx, customerNumber(n), browser, b.Now()); err != nil {
				return err
			}
		}
		return nil
	})
}

// sealing is how many texts as long as a sealed one are encrypted a second.
func sealing(sealed []byte, n, processors int) (perSecond float64, err error) {
	browser, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return 0, err
	}
	auth, text := make([]byte, 16), make([]byte, len(sealed)-sealedMore)
	return middle(n, func() error {
		return onEach(processors, n, func(share int) error {
			for range share {
				if _, err := sealBare(browser.PublicKey(), auth, text); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// sealedMore is what encryption adds: salt, record size, key, delimiter and tag.
const sealedMore = 16 + 4 + 1 + 65 + 1 + 16

// sealBare is RFC 8291 in as many words as it takes.
func sealBare(browser *ecdh.PublicKey, auth, text []byte) ([]byte, error) {
	once, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	shared, err := once.ECDH(browser)
	if err != nil {
		return nil, err
	}
	salt, ours := make([]byte, 16), once.PublicKey().Bytes()
	_, _ = rand.Read(salt) // never fails
	material, err := hkdf.Key(sha256.New, shared, auth, "WebPush: info\x00"+string(browser.Bytes())+string(ours), 32)
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, material, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, err
	}
	nonce, err := hkdf.Key(sha256.New, material, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	out := append(append(salt, 0, 0, 16, 0, byte(len(ours))), ours...)
	return gcm.Seal(out, nonce, append(text[:len(text):len(text)], 2), nil), nil
}
