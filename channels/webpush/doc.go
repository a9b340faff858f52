// Package webpush owns notifications in browsers: encrypting them (RFC 8291),
// saying who sends them (VAPID, RFC 8292), handing them to push services
// (RFC 8030), and the guard over where a subscription may point, since that
// address comes from outside.
//
// It does not own subscriptions (customers), the service worker or its reports
// (webhooks).
package webpush
