package config

import "log/slog"

// Secret is a value that no log, error or dump shows.
type Secret string

// String hides the secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "***"
}

// GoString hides the secret from %#v.
func (s Secret) GoString() string { return s.String() }

// MarshalText hides the secret from encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue hides the secret from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Reveal is the secret itself.
func (s Secret) Reveal() string { return string(s) }

// String hides the section.
func (s Section) String() string { return s.secret().String() }

// GoString hides the section from %#v.
func (s Section) GoString() string { return s.secret().GoString() }

// MarshalText hides the section from encoders.
func (s Section) MarshalText() ([]byte, error) { return s.secret().MarshalText() }

// LogValue hides the section from slog.
func (s Section) LogValue() slog.Value { return s.secret().LogValue() }

func (s Section) secret() Secret { return Secret(s) }
