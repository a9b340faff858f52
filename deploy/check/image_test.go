//go:build deploy

package check

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	strict "sigs.k8s.io/yaml"
)

// step is one instruction of a Dockerfile.
type step struct{ word, rest string }

// readDockerfile takes it apart: comments go, lines that go on are joined.
func readDockerfile(t *testing.T) (steps []step) {
	t.Helper()
	raw, err := os.ReadFile("../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	joined := ""
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimRight(line, " \n")
		if trimmed := strings.TrimSpace(line); joined == "" && (trimmed == "" || strings.HasPrefix(trimmed, "#")) {
			continue
		}
		if rest, goesOn := strings.CutSuffix(line, "\\"); goesOn {
			joined += rest + " "
			continue
		}
		word, rest, _ := strings.Cut(strings.TrimSpace(joined+line), " ")
		steps = append(steps, step{word, strings.TrimSpace(rest)})
		joined = ""
	}
	if joined != "" {
		t.Error("the Dockerfile's last line goes on")
	}
	return steps
}

func TestTheImageHoldsTheProgramAndNothingElse(t *testing.T) {
	known := []string{"FROM", "WORKDIR", "COPY", "RUN", "ARG", "USER", "EXPOSE", "STOPSIGNAL", "ENTRYPOINT", "CMD"}
	stages := map[string]bool{}
	var last []step
	for _, s := range readDockerfile(t) {
		if !slices.Contains(known, s.word) {
			t.Errorf("%s is no instruction, or none that is wanted here", s.word)
		}
		if s.word == "FROM" {
			last = nil
			if _, name, named := strings.Cut(s.rest, " AS "); named {
				stages[name] = true
			}
		}
		last = append(last, s)
	}
	said := map[string]string{}
	for _, s := range last {
		said[s.word] = s.rest
		if s.word == "RUN" || s.word == "ADD" {
			t.Errorf("the image itself is changed by %s %s", s.word, s.rest)
		}
		if from := regexp.MustCompile(`--from=(\S+)`).FindStringSubmatch(s.rest); s.word == "COPY" && (from == nil || !stages[from[1]]) {
			t.Errorf("COPY %s is from no stage before", s.rest)
		}
	}
	if said["FROM"] != "scratch" {
		t.Errorf("it is made from %s", said["FROM"])
	}
	if !regexp.MustCompile(`^[1-9][0-9]*:[1-9][0-9]*$`).MatchString(said["USER"]) {
		t.Errorf("its user is %q: a number other than 0 is wanted", said["USER"])
	}
	var entry []string
	if err := json.Unmarshal([]byte(said["ENTRYPOINT"]), &entry); err != nil || !slices.Equal(entry, []string{"/usr/bin/rapport"}) {
		t.Errorf("it starts %q: without a shell in between, or no signal arrives", said["ENTRYPOINT"])
	}
}

// What .dockerignore leaves out cannot be built.
func TestWhatIsBuiltIsSentToTheBuilder(t *testing.T) {
	raw, err := os.ReadFile(root + "/.dockerignore")
	if err != nil {
		t.Fatal(err)
	}
	sent := strings.Split(string(raw), "\n")
	list := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./cmd/rapport")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for path := range strings.Lines(string(out)) {
		folder, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(path), "rapport/"), "/")
		if strings.HasPrefix(path, "rapport/") && !slices.Contains(sent, "!"+folder) {
			t.Errorf(".dockerignore leaves out %s/, which the program is made of", folder)
		}
	}
}

// service is what is checked of one in the compose file. Its keys are all that
// file uses, so that a misspelt one is noticed.
type service struct {
	Image           string              `json:"image"`
	Build           map[string]string   `json:"build"`
	Command         []string            `json:"command"`
	Environment     map[string]string   `json:"environment"`
	Restart         string              `json:"restart"`
	ReadOnly        bool                `json:"read_only"`
	User            string              `json:"user"`
	CapDrop         []string            `json:"cap_drop"`
	SecurityOpt     []string            `json:"security_opt"`
	Tmpfs           []string            `json:"tmpfs"`
	StopGracePeriod string              `json:"stop_grace_period"`
	Secrets         []string            `json:"secrets"`
	Configs         []map[string]string `json:"configs"`
	Networks        []string            `json:"networks"`
	MemLimit        string              `json:"mem_limit"`
	ShmSize         string              `json:"shm_size"`
	Ports           []string            `json:"ports"`
	Volumes         []string            `json:"volumes"`
	Healthcheck     struct {
		Test        []string `json:"test"`
		Interval    string   `json:"interval"`
		Timeout     string   `json:"timeout"`
		StartPeriod string   `json:"start_period"`
		Retries     int      `json:"retries"`
		Disable     bool     `json:"disable"`
	} `json:"healthcheck"`
	DependsOn map[string]struct {
		Condition string `json:"condition"`
	} `json:"depends_on"`
}

type composition struct {
	Name     string             `json:"name"`
	Role     any                `json:"x-role"`
	Services map[string]service `json:"services"`
	Networks map[string]struct {
		Internal bool `json:"internal"`
	} `json:"networks"`
	Volumes map[string]struct{} `json:"volumes"`
	Configs map[string]struct {
		File string `json:"file"`
	} `json:"configs"`
	Secrets map[string]struct {
		File string `json:"file"`
	} `json:"secrets"`
}

func readCompose(t *testing.T) (c composition) {
	t.Helper()
	raw, err := os.ReadFile("../compose/compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	plain, err := strict.YAMLToJSON(raw) // by which merged keys are merged
	if err != nil {
		t.Fatal(err)
	}
	reading := json.NewDecoder(bytes.NewReader(plain))
	reading.DisallowUnknownFields()
	if err := reading.Decode(&c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheComposeFileHangsTogether(t *testing.T) {
	c := readCompose(t)
	roles := 0
	for name, s := range c.Services {
		for other := range s.DependsOn {
			if _, there := c.Services[other]; !there {
				t.Errorf("%s waits for %s, which is not there", name, other)
			}
		}
		for _, secret := range s.Secrets {
			if c.Secrets[secret].File == "" {
				t.Errorf("%s wants the secret %s, which has no file", name, secret)
			}
		}
		for _, network := range s.Networks {
			if _, there := c.Networks[network]; !there {
				t.Errorf("%s is in %s, which is not there", name, network)
			}
		}
		for variable, value := range s.Environment {
			if secret, is := strings.CutPrefix(value, "/run/secrets/"); is && !slices.Contains(s.Secrets, secret) {
				t.Errorf("%s: %s names the secret %s, which is not given to it", name, variable, secret)
			}
		}
		for _, port := range s.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s is open to the world at %s, without TLS", name, port)
			}
		}
		if s.Image != "rapport:local" {
			continue
		}
		roles++
		if !s.ReadOnly || s.User != "65532:65532" || !slices.Equal(s.CapDrop, []string{"ALL"}) || s.StopGracePeriod != "45s" {
			t.Errorf("%s may do what it need not", name)
		}
	}
	if roles < 6 {
		t.Errorf("only %d roles", roles)
	}
	if _, there := c.Services["console"]; !there {
		t.Error("there is no console")
	}
	redis := strings.Join(c.Services["redis"].Command, " ")
	if !strings.Contains(redis, "--maxmemory-policy noeviction") || !strings.Contains(redis, "--appendonly yes") {
		t.Errorf("Redis is started with %s", redis)
	}
}

// Roles are started as the compose file says, with servers that are away.
func TestTheComposeFilesCommandsAreReal(t *testing.T) {
	config, err := os.ReadFile("../compose/config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range readCompose(t).Services {
		if s.Image != "rapport:local" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := contain(t, nil, nil)
			c.put("config.yaml", string(config))
			for secret, value := range samples() {
				c.put("secrets/"+secret, value)
			}
			here := strings.NewReplacer("/etc/rapport", c.folder, "/run/secrets", c.folder+"/secrets", "redis://redis:6379", "redis://127.0.0.1:1", "0.0.0.0:8080", "127.0.0.1:0", "0.0.0.0:8081", "127.0.0.1:0")
			for _, arg := range s.Command {
				c.Args = append(c.Args, here.Replace(arg))
			}
			port := freePort(t)
			for variable, value := range s.Environment {
				c.Env = append(c.Env, variable+"="+strings.ReplaceAll(here.Replace(value), "0.0.0.0:9090", "127.0.0.1:"+port))
			}
			if name == "migrate" {
				if out, err := c.contained(); err == nil || !strings.Contains(out, "connection refused") {
					t.Errorf("it ends with %v\n%s", err, out)
				}
				return
			}
			c.runs(func() {
				c.answers(port, "/readyz", 503, "127.0.0.1:1")
				probe := contain(t, nil, nil)
				probe.Env = append([]string{}, c.Env...)
				for _, arg := range s.Healthcheck.Test[2:] {
					probe.Args = append(probe.Args, here.Replace(arg))
				}
				if out, err := probe.contained(); err != nil || !strings.Contains(out, "alive") {
					t.Errorf("its health check: %v\n%s", err, out)
				}
			})
		})
	}
}
