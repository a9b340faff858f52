package email

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"rapport/channels"
)

// dialTimeout bounds reaching the relay. What follows is bounded by the
// message's own time.
const dialTimeout = 4 * time.Second

// route is the way to a relay.
type route struct {
	host, port string
	tls        string
	config     *tls.Config
	hello      string
	username   string
	password   channels.Secret
	auth       string
}

// usualPort is where relays listen, by how TLS begins (RFC 8314 §3.3, §7.3).
var usualPort = map[string]int{"starttls": 587, "implicit": 465, "none": 25}

// route reads the settings that lead to the relay, and all that is wrong with
// them.
func (o SMTP) route() (route, []error) {
	r := route{
		host: o.Host, tls: either(o.TLS, "starttls"), hello: either(o.Hello, hostName()),
		username: o.Username, password: o.Password, auth: strings.ToLower(o.Auth),
		config: &tls.Config{ServerName: o.Host, MinVersion: tls.VersionTLS12},
	}
	var mistakes []error
	wrong := func(format string, args ...any) { mistakes = append(mistakes, fmt.Errorf(format, args...)) }
	if o.Host == "" || strings.ContainsAny(o.Host, " /@\r\n\x00") {
		wrong("host is not the name of a machine, such as smtp.shop.example")
	}
	if usualPort[r.tls] == 0 {
		wrong("tls %q is none of starttls, implicit, none", o.TLS)
	}
	if o.Port == 0 {
		o.Port = usualPort[r.tls]
	}
	if o.Port < 0 || o.Port > 65535 {
		wrong("port %d is none", o.Port)
	}
	r.port = strconv.Itoa(o.Port)
	if r.tls == "none" && !isLoopback(o.Host) {
		wrong("tls: none is for a relay on this machine; take starttls or implicit")
	}
	if strings.ContainsAny(r.hello, " \r\n\x00") {
		wrong("hello is not the name of a machine")
	}
	if (o.Username == "") != (o.Password == "") {
		wrong("username and password go together")
	}
	if !channels.OneLine(o.Username, string(o.Password)) {
		wrong("username or password holds a line break")
	}
	if r.auth != "" && ways[r.auth] == nil {
		wrong("auth %q is none of plain, login, cram-md5, scram-sha-1, scram-sha-256, xoauth2", o.Auth)
	}
	if o.CAFile != "" {
		pem, err := os.ReadFile(o.CAFile)
		r.config.RootCAs = x509.NewCertPool()
		if err != nil || !r.config.RootCAs.AppendCertsFromPEM(pem) {
			wrong("ca_file holds no certificate in PEM")
		}
	}
	return r, mistakes
}

// isLoopback reports whether a host is this machine by what it is called.
func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// connect reaches the relay, over TLS unless it is on this machine, and signs
// in. Nothing of a message has left when it fails.
func (r route) connect(ctx context.Context) (*line, error) {
	dial, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(dial, "tcp", net.JoinHostPort(r.host, r.port))
	if err != nil {
		return nil, &channels.NotSent{Err: fmt.Errorf("reach the relay: %w", err)}
	}
	if to, is := conn.RemoteAddr().(*net.TCPAddr); r.tls == "none" && (!is || !to.IP.IsLoopback()) {
		_ = conn.Close()
		return nil, &channels.NotSent{Err: errors.New("reach the relay without TLS: its name leads to another machine")}
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	client, err := r.introduce(conn)
	if !stop() {
		return nil, &channels.NotSent{Err: fmt.Errorf("talk to the relay: %w", ctx.Err())}
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return newLine(client, conn), nil
}

// introduce takes a connection from the relay's greeting to the point where it
// takes messages.
func (r route) introduce(conn net.Conn) (*smtp.Client, error) {
	if r.tls == "implicit" {
		secure := tls.Client(conn, r.config)
		if err := secure.Handshake(); err != nil {
			return nil, unreached("begin TLS with the relay", err)
		}
		conn = secure
	}
	client, err := smtp.NewClient(conn, r.host)
	if err != nil {
		return nil, unreached("be greeted by the relay", err)
	}
	if err := client.Hello(r.hello); err != nil {
		return nil, unreached("greet the relay", err)
	}
	if r.tls == "starttls" {
		if offered, _ := client.Extension("STARTTLS"); !offered {
			return nil, &channels.NotSent{Err: errors.New("begin TLS with the relay: it does not offer STARTTLS")}
		}
		if err := client.StartTLS(r.config); err != nil {
			return nil, unreached("begin TLS with the relay", err)
		}
	}
	if r.username == "" {
		return client, nil
	}
	return client, r.signIn(client)
}

// ways are the mechanisms of AUTH, and preferred the order in which one is
// chosen: those that do not give the password away come first.
var (
	ways = map[string]func(r route) smtp.Auth{
		"scram-sha-256": func(r route) smtp.Auth { return smtp.ScramSHA256Auth(r.username, string(r.password)) },
		"scram-sha-1":   func(r route) smtp.Auth { return smtp.ScramSHA1Auth(r.username, string(r.password)) },
		"plain":         func(r route) smtp.Auth { return smtp.PlainAuth("", r.username, string(r.password), r.host, false) },
		"login":         func(r route) smtp.Auth { return smtp.LoginAuth(r.username, string(r.password), r.host, false) },
		"cram-md5":      func(r route) smtp.Auth { return smtp.CRAMMD5Auth(r.username, string(r.password)) },
		"xoauth2":       func(r route) smtp.Auth { return smtp.XOAuth2Auth(r.username, string(r.password)) },
	}
	preferred = []string{"scram-sha-256", "scram-sha-1", "plain", "login", "cram-md5"}
)

// signIn proves who we are. A refusal, or a relay that offers no way we know,
// condemns the account: no message will pass until somebody mends it.
func (r route) signIn(client *smtp.Client) error {
	_, offer := client.Extension("AUTH")
	offered := strings.Fields(strings.ToLower(offer))
	way := r.auth
	if way == "" {
		if i := slices.IndexFunc(preferred, func(w string) bool { return slices.Contains(offered, w) }); i >= 0 {
			way = preferred[i]
		}
	}
	if way == "" || !slices.Contains(offered, way) {
		return account(errors.New("sign in at the relay: it does not offer " + either(way, "a way we know")))
	}
	err := client.Auth(ways[way](r))
	if answer := answerOf(err); answer == nil && err != nil && !connection(err) {
		// The mechanism itself found the relay untrustworthy, or refused to speak.
		return account(fmt.Errorf("sign in at the relay by %s: not possible (%T)", way, err))
	}
	return unreached("sign in at the relay", err)
}
