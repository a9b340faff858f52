package config

import (
	"encoding"
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

const prefix = "RAPPORT_"

// environment is the process's variables, as far as they have been asked for.
type environment struct {
	values map[string]string
	used   map[string]bool
}

func newEnvironment(environ []string) *environment {
	env := &environment{values: map[string]string{}, used: map[string]bool{}}
	for _, pair := range environ {
		if name, value, found := strings.Cut(pair, "="); found {
			env.values[name] = value
		}
	}
	return env
}

var reference = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// expand replaces ${NAME} in the file, outside its comments. A name that is not
// set is an error that gives its line.
func (e *environment) expand(raw []byte) ([]byte, error) {
	var missing []error
	lines := strings.Split(string(raw), "\n")
	for n, line := range lines {
		end := commentAt(line)
		lines[n] = reference.ReplaceAllStringFunc(line[:end], func(match string) string {
			name := match[2 : len(match)-1]
			value, set := e.values[name]
			if !set {
				missing = append(missing, fmt.Errorf("line %d: ${%s} is not set in the environment", n+1, name))
			}
			return value
		}) + line[end:]
	}
	return []byte(strings.Join(lines, "\n")), errors.Join(missing...)
}

// commentAt is where the comment of a line begins, its length without one. A #
// begins one at the start or after a blank, and not between quotes.
func commentAt(line string) int {
	var quote byte
	closed := -1 // a quote right after one that closed is part of the text
	for i := 0; i < len(line); i++ {
		blank := i == 0 || line[i-1] == ' ' || line[i-1] == '\t'
		switch c := line[i]; {
		case quote == '"' && c == '\\':
			i++
		case quote != 0 && c == quote:
			quote, closed = 0, i
		case quote != 0:
		case c == '#' && blank:
			return i
		case (c == '"' || c == '\'') && (blank || i == closed+1 || strings.IndexByte("[{,:", line[i-1]) >= 0):
			quote = c
		}
	}
	return len(line)
}

// overlay lays RAPPORT_… variables over the configuration. One that names no
// setting is an error, as an unknown key in the file is.
func (e *environment) overlay(config *Config) error {
	if err := e.overlayStruct(reflect.ValueOf(config).Elem(), prefix); err != nil {
		return err
	}
	if err := e.overlayProviders(config); err != nil {
		return err
	}
	var unknown []error
	for name := range e.values {
		if strings.HasPrefix(name, prefix) && !strings.HasPrefix(name, "RAPPORT_TEST_") && !e.used[name] {
			unknown = append(unknown, fmt.Errorf("the environment sets %s, which is no setting", name))
		}
	}
	slices.SortFunc(unknown, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(unknown...)
}

func (e *environment) overlayStruct(v reflect.Value, path string) error {
	for i := range v.NumField() {
		key, field := v.Type().Field(i).Tag.Get("yaml"), v.Field(i)
		if key == "-" {
			continue
		}
		name := path + strings.ToUpper(key)
		_, whole := field.Addr().Interface().(encoding.TextUnmarshaler)
		if whole || field.Kind() != reflect.Struct {
			value, set, err := e.lookup(name)
			if err != nil {
				return err
			}
			if set {
				if err := assign(field, value); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			}
		}
		if field.Kind() == reflect.Struct {
			if err := e.overlayStruct(field, name+"_"); err != nil {
				return err
			}
		}
	}
	return nil
}

// overlayProviders reads RAPPORT_PROVIDERS_EMAIL_SENDGRID_API_KEY and its like.
func (e *environment) overlayProviders(config *Config) error {
	for name := range e.values {
		rest, match := strings.CutPrefix(name, prefix+"PROVIDERS_")
		parts := strings.SplitN(strings.ToLower(strings.TrimSuffix(rest, "_FILE")), "_", 3)
		if !match || len(parts) != 3 {
			continue
		}
		value, _, err := e.lookup(strings.TrimSuffix(name, "_FILE"))
		if err != nil {
			return err
		}
		channel, provider, key := parts[0], parts[1], parts[2]
		if config.Providers == nil {
			config.Providers = map[string]map[string]Section{}
		}
		if config.Providers[channel] == nil {
			config.Providers[channel] = map[string]Section{}
		}
		section, err := config.Providers[channel][provider].With(key, plain(value))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		config.Providers[channel][provider] = section
		if config.Variables == nil {
			config.Variables = map[string][]string{}
		}
		config.Variables[channel+"."+provider] = append(config.Variables[channel+"."+provider], name)
	}
	for _, names := range config.Variables {
		slices.Sort(names)
	}
	return nil
}

// plain is a provider's value as a switch where it reads true or false, and as a list
// where it is written as one, [a, b]. Which of a provider's settings are which is not
// known here.
func plain(value string) any {
	if value == "true" || value == "false" {
		return value == "true"
	}
	var list []string
	if strings.HasPrefix(value, "[") && yaml.Unmarshal([]byte(value), &list) == nil {
		return list
	}
	return value
}

// lookup reads a variable, or the file its _FILE twin names.
func (e *environment) lookup(name string) (string, bool, error) {
	if value, set := e.values[name]; set {
		e.used[name] = true
		return value, true, nil
	}
	path, set := e.values[name+"_FILE"]
	if !set {
		return "", false, nil
	}
	e.used[name+"_FILE"] = true
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", false, fmt.Errorf("%s_FILE: %w", name, err)
	}
	value := strings.TrimRight(string(raw), "\r\n")
	if value == "" {
		return "", false, fmt.Errorf("%s_FILE: %s is empty", name, path)
	}
	return value, true, nil
}

// assign writes the text of a variable into a setting. Lists are separated by
// commas.
func assign(field reflect.Value, text string) error {
	if _, is := field.Interface().(time.Duration); is {
		d, err := time.ParseDuration(text)
		if err != nil {
			return errors.New("must be a duration such as 90s")
		}
		field.SetInt(int64(d))
		return nil
	}
	if own, is := field.Addr().Interface().(encoding.TextUnmarshaler); is {
		return own.UnmarshalText([]byte(text))
	}
	switch field.Kind() {
	case reflect.String:
		field.SetString(text)
	case reflect.Bool:
		yes, err := strconv.ParseBool(text)
		if err != nil {
			return errors.New("must be true or false")
		}
		field.SetBool(yes)
	case reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return errors.New("must be a whole number")
		}
		field.SetInt(int64(n))
	case reflect.Float64:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return errors.New("must be a number")
		}
		field.SetFloat(f)
	case reflect.Slice:
		if strings.TrimSpace(text) == "" {
			field.SetZero()
			return nil
		}
		parts := strings.Split(text, ",")
		list := reflect.MakeSlice(field.Type(), len(parts), len(parts))
		for i, part := range parts {
			list.Index(i).SetString(strings.TrimSpace(part))
		}
		field.Set(list)
	default:
		return errors.New("this setting cannot come from the environment; write it into the file")
	}
	return nil
}
