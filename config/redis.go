package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
)

// Redis says where Redis is: one server by its URL, one that sentinels name, or
// a cluster. In the file it is a URL or these keys.
type Redis struct {
	// URL is redis://, rediss:// or unix://, of one server.
	URL Secret `yaml:"url"`
	// Sentinel finds the server by asking sentinels who is master.
	Sentinel Sentinel `yaml:"sentinel"`
	// Cluster are some nodes of a cluster, HOST:PORT; they name the others.
	Cluster []string `yaml:"cluster"`
	// Username and Password are of the servers that Sentinel and Cluster lead
	// to; a URL has its own.
	Username string `yaml:"username"`
	Password Secret `yaml:"password"`
	// Database is the number of a database behind sentinels; a cluster has none.
	Database int `yaml:"database"`
	// TLS holds for servers and sentinels alike.
	TLS RedisTLS `yaml:"tls"`
}

// Sentinel names a group of servers and those who watch over it.
type Sentinel struct {
	Master    string   `yaml:"master"`
	Addresses []string `yaml:"addresses"` // HOST:PORT
	Username  string   `yaml:"username"`
	Password  Secret   `yaml:"password"`
}

// RedisTLS is how connections to Redis are encrypted. Any key of it, or a URL
// that begins with rediss://, turns it on.
type RedisTLS struct {
	Enabled bool `yaml:"enabled"`
	// CAFile holds the certificates that servers are proven by; without it the
	// system's are.
	CAFile string `yaml:"ca_file"`
	// CertFile and KeyFile are shown to servers that ask for a certificate.
	CertFile string `yaml:"cert_file"`
	KeyFile  string `yaml:"key_file"`
	// ServerName is the name in the servers' certificates, where it is not the
	// host that is dialled.
	ServerName string `yaml:"server_name"`
}

// Set reports whether any Redis is named.
func (r Redis) Set() bool {
	return r.URL != "" || r.Sentinel.Master != "" || len(r.Sentinel.Addresses) > 0 || len(r.Cluster) > 0
}

// UnmarshalYAML reads either form.
func (r *Redis) UnmarshalYAML(raw []byte) error {
	var url string
	if err := yaml.Unmarshal(raw, &url); err == nil {
		*r = Redis{URL: Secret(url)}
		return nil
	}
	type keys Redis // without this method
	var read keys
	if err := yaml.UnmarshalWithOptions(raw, &read, yaml.Strict()); err != nil {
		return withoutSource(err)
	}
	*r = Redis(read)
	return nil
}

// UnmarshalText reads the URL that RAPPORT_REDIS holds. What the file says beside
// it, such as tls, stays.
func (r *Redis) UnmarshalText(text []byte) error {
	r.URL = Secret(text)
	return nil
}

func (r Redis) check() error {
	var mistakes []error
	wrong := func(format string, args ...any) { mistakes = append(mistakes, fmt.Errorf(format, args...)) }
	sentinel := r.Sentinel.Master != "" || len(r.Sentinel.Addresses) > 0
	named := 0
	for _, is := range []bool{r.URL != "", sentinel, len(r.Cluster) > 0} {
		if is {
			named++
		}
	}
	if named > 1 {
		wrong("redis: url, sentinel and cluster exclude each other; keep one of them (RAPPORT_REDIS is the url)")
	}
	if sentinel && (r.Sentinel.Master == "" || len(r.Sentinel.Addresses) == 0) {
		wrong("redis.sentinel: master, the name sentinels know the servers by, and addresses belong together")
	}
	for _, list := range []struct {
		key       string
		addresses []string
	}{{"redis.sentinel.addresses", r.Sentinel.Addresses}, {"redis.cluster", r.Cluster}} {
		for i, address := range list.addresses {
			if strings.Contains(address, "/") || !strings.Contains(address, ":") {
				wrong("%s[%d]: must be a host and a port, such as redis-1:6379", list.key, i)
			}
		}
	}
	if r.URL != "" && (r.Username != "" || r.Password != "" || r.Database != 0) {
		wrong("redis: a url holds its own username, password and database; leave the keys out")
	}
	if len(r.Cluster) > 0 && r.Database != 0 {
		wrong("redis.database: a cluster has database 0 and no other")
	}
	if (r.TLS.CertFile == "") != (r.TLS.KeyFile == "") {
		wrong("redis.tls: cert_file and key_file belong together")
	}
	return errors.Join(mistakes...)
}
