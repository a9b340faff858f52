//go:build deploy

package check

import (
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	core "k8s.io/api/core/v1"
)

// samples are what the settings that come from Secrets may hold.
func samples() map[string]string {
	return map[string]string{
		"store": "postgres://rapport:hush@127.0.0.1:1/rapport", "redis": "redis://:hush@127.0.0.1:1/0",
		"link_keys": "0123456789abcdef0123456789abcdef", "erasure_keys": "fedcba9876543210fedcba9876543210", "write_keys": "abcdef",
		"inbound_http_secrets": "hush0123456789abcdef", "redis_password": "hush", "redis_sentinel_password": "hush", "recordings_s3_access_key": "hush", "recordings_s3_secret_key": "hush",
		"alerts_webhook":                   "https://ops.shop.example/hush",
		"providers_email_sendgrid_api_key": "SG.hush", "providers_sms_twilio_account_sid": "AC0123456789abcdef0123456789abcdef", "providers_sms_twilio_auth_token": "hush", "providers_webhook_standard_secrets": "[whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=]",
	}
}

// inPlace puts a rendered pod's files into a folder of this machine and gives the
// environment and arguments that lead to them.
func inPlace(t *testing.T, c *container, spec core.PodSpec, configMap map[string]string, secrets map[string]string) (port string) {
	t.Helper()
	for name, text := range configMap {
		c.put("config/"+name, text)
	}
	mounted := map[string]bool{}
	for _, volume := range spec.Volumes {
		if volume.Projected == nil {
			continue
		}
		for _, source := range volume.Projected.Sources {
			for _, item := range source.Secret.Items {
				value, known := secrets[item.Path]
				if !known {
					t.Fatalf("this check has no sample of the setting %s", item.Path)
				}
				c.put("secrets/"+item.Path, value+"\n")
				mounted["/etc/rapport/secrets/"+item.Path] = true
			}
		}
	}
	here := func(text string) string { return strings.ReplaceAll(text, "/etc/rapport", c.folder) }
	for _, arg := range spec.Containers[0].Args {
		c.Args = append(c.Args, here(arg))
	}
	port = freePort(t)
	for _, v := range spec.Containers[0].Env {
		switch {
		case v.Name == "GOMAXPROCS":
			continue
		case v.Name == "RAPPORT_OPS_LISTEN":
			v.Value = "127.0.0.1:" + port
		case strings.HasSuffix(v.Name, "_LISTEN"):
			v.Value = "127.0.0.1:0"
		case strings.HasSuffix(v.Name, "_FILE") && !mounted[v.Value]:
			t.Errorf("%s names %s, which nothing mounts", v.Name, v.Value)
		}
		c.Env = append(c.Env, v.Name+"="+here(v.Value))
	}
	return port
}

// howToAsk is what the chart's notes run in a pod that is not ready.
func howToAsk(t *testing.T) string {
	t.Helper()
	files, err := render(valuesOf(t, "minimal"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(files["rapport/templates/NOTES.txt"], "exec POD -- /usr/bin/rapport ")
	if !found {
		t.Fatal("the notes tell nobody how to ask a pod")
	}
	command, _, _ := strings.Cut(rest, "\n")
	return command
}

// Every pod of the chart is started as rendered, with servers that are away: a
// command, flag, setting or variable that is not one ends it; one that is waits.
func TestPodsRunCommandsWithSettingsThatAreReal(t *testing.T) {
	asked := howToAsk(t)
	for _, variant := range []string{"minimal", "full", "bucket"} {
		all := objects(t, variant)
		configMap := of[core.ConfigMap](all)[0].Data
		for _, p := range pods(all) {
			t.Run(variant+"/"+p.owner, func(t *testing.T) {
				t.Parallel()
				c := contain(t, nil, nil)
				port := inPlace(t, c, p.spec, configMap, samples())
				if strings.HasSuffix(p.owner, "-migrate") {
					out, err := c.contained()
					if err == nil || !strings.Contains(out, "connection refused") {
						t.Errorf("it ends with %v\n%s", err, out)
					}
					return
				}
				c.runs(func() {
					c.answers(port, "/readyz", http.StatusServiceUnavailable, "127.0.0.1:1")
					c.answers(port, "/healthz", http.StatusOK, "alive")
					probe := contain(t, nil, nil)
					probe.Env = c.Env
					probe.Args = append(probe.Args, strings.Split(strings.ReplaceAll(asked, "/etc/rapport", c.folder), " ")...)
					if out, err := probe.contained(); err == nil || !strings.Contains(out, `"problem"`) {
						t.Errorf("asked why it is not ready it says %s", out)
					}
				})
				if strings.Contains(c.said.String(), "hush") {
					t.Errorf("it tells secrets:\n%s", c.said)
				}
			})
		}
	}
}

func (c *container) contained() (string, error) {
	err := c.Run()
	return c.said.String(), err
}

// With servers that are there the chart's installation migrates and becomes ready.
// The database is one that testbed has just made.
func TestTheChartsPodsBecomeReady(t *testing.T) {
	store, redis := os.Getenv("RAPPORT_TEST_POSTGRES"), os.Getenv("RAPPORT_TEST_REDIS")
	if store == "" || redis == "" {
		t.Skip("RAPPORT_TEST_POSTGRES and RAPPORT_TEST_REDIS name no servers")
	}
	secrets := samples()
	secrets["store"], secrets["redis"] = store, redis
	all := objects(t, "minimal")
	configMap := of[core.ConfigMap](all)[0].Data
	found := map[string]pod{}
	for _, p := range pods(all) {
		found[p.owner] = p
	}
	for _, owner := range append([]string{"rapport-migrate"}, slices.Sorted(maps.Keys(found))...) {
		p := found[owner]
		c := contain(t, nil, nil)
		port := inPlace(t, c, p.spec, configMap, secrets)
		if owner == "rapport-migrate" {
			if out, err := c.contained(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			continue
		}
		c.runs(func() { c.answers(port, "/readyz", http.StatusOK, "schema") })
	}
}
