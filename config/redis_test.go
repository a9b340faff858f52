package config

import (
	"fmt"
	"strings"
	"testing"
)

func TestRedisIsNamedInEveryWay(t *testing.T) {
	sentinel := "redis:\n  sentinel: {master: shop, addresses: [\"a:26379\", \"b:26379\"], password: watch}\n  password: serve\n"
	for _, test := range []struct{ name, text, environ, want string }{
		{"a URL", "redis: redis://h:1/0\n", "", "redis://h:1/0 [] shop= [] "},
		{"a URL among keys", "redis: {url: \"redis://h:1/0\", tls: {enabled: true}}\n", "", "redis://h:1/0 [] shop= [] tls"},
		{"a URL in a variable", "", "RAPPORT_REDIS=redis://h:1/0", "redis://h:1/0 [] shop= [] "},
		{"a URL in a variable beside certificates", "redis: {tls: {ca_file: /ca.pem}}\n", "RAPPORT_REDIS=rediss://h:1/0", "rediss://h:1/0 [] shop= [] tls"},
		{"a URL in a variable over one in the file", "redis: {url: \"redis://old:1\", tls: {enabled: true}}\n", "RAPPORT_REDIS=redis://h:1/0", "redis://h:1/0 [] shop= [] tls"},
		{"sentinels", sentinel, "", " [] shop=shop [a:26379 b:26379] watch serve"},
		{"a password in a variable", sentinel, "RAPPORT_REDIS_PASSWORD=kept", " [] shop=shop [a:26379 b:26379] watch kept"},
		{"a cluster in a variable", "", "RAPPORT_REDIS_CLUSTER=a:1,b:2", " [a:1 b:2] shop= [] "},
		{"sentinels' addresses in a variable", sentinel, "RAPPORT_REDIS_SENTINEL_ADDRESSES=c:3", " [] shop=shop [c:3] watch serve"},
		{"a CA in a variable", "", "RAPPORT_REDIS_TLS_CA_FILE=/ca.pem", " [] shop= [] tls"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := Load(file(t, test.text), []string{test.environ})
			if err != nil {
				t.Fatal(err)
			}
			r := c.Redis
			got := strings.TrimSpace(fmt.Sprintf("%s %v shop=%s %v %s %s", r.URL.Reveal(), r.Cluster, r.Sentinel.Master,
				r.Sentinel.Addresses, r.Sentinel.Password.Reveal(), r.Password.Reveal()))
			if r.TLS != (RedisTLS{}) {
				got += " tls"
			}
			if got != strings.TrimSpace(" "+test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if shown := fmt.Sprintf("%v %+v", c, c); strings.Contains(shown, "watch") || strings.Contains(shown, "kept") || strings.Contains(shown, "serve") {
				t.Errorf("a password is shown: %s", shown)
			}
		})
	}
}

func TestARedisThatMakesNoSenseIsRefused(t *testing.T) {
	url := "RAPPORT_REDIS=redis://:secret@h:1"
	for _, test := range []struct{ text, environ, want string }{
		{"redis: {url: \"redis://h\", cluster: [\"a:1\"]}\n", "", "redis: url, sentinel and cluster exclude each other"},
		{"redis: {sentinel: {master: shop, addresses: [\"a:1\"]}}\n", url, "redis: url, sentinel and cluster exclude each other"},
		{"redis: {cluster: [\"a:1\"]}\n", url, "RAPPORT_REDIS is the url"},
		{"redis: {sentinel: {master: shop}}\n", "", "redis.sentinel: master, the name sentinels know the servers by, and addresses belong together"},
		{"redis: {sentinel: {addresses: [\"a:1\"]}}\n", "", "redis.sentinel: master"},
		{"redis: {cluster: [\"redis://a:1\"]}\n", "", "redis.cluster[0]: must be a host and a port"},
		{"redis: {cluster: [\"a:1\"], database: 2}\n", "", "redis.database: a cluster has database 0"},
		{"redis: {url: \"redis://h\", password: secret}\n", "", "redis: a url holds its own username"},
		{"redis: {tls: {cert_file: a.pem}}\n", "", "redis.tls: cert_file and key_file belong together"},
		{"redis: {sentinels: [\"a:1\"]}\n", "", `unknown field "sentinels"`},
		{"worker: {queue_parts: 0}\n", "", "worker.queue_parts: must be a number from 1 to 64"},
		{"worker: {queue_parts: 65}\n", "", "worker.queue_parts: must be a number from 1 to 64"},
	} {
		if _, err := Load(file(t, test.text), []string{test.environ}); err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s %.13s: got %v, want %q", test.text, test.environ, err, test.want)
		}
	}
}
