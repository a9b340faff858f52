//go:build deploy

package check

import (
	"bufio"
	"bytes"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	keda "github.com/kedacore/keda/v2/apis/keda/v1alpha1"
	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	strict "sigs.k8s.io/yaml"
)

const chartFolder = "../helm/rapport"

// variants are the values every check is done with. A chart without publicURL does
// not render, so the least is one line.
var variants = []string{"minimal", "full", "bucket", "external"}

func valuesOf(t *testing.T, variant string) map[string]any {
	t.Helper()
	values, err := chartutil.ReadValuesFile(filepath.Join(chartFolder, "ci", variant+"-values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// render is what `helm template` does: values are checked by the schema, and every
// template is executed. It gives files by name.
func render(values map[string]any) (map[string]string, error) {
	chart, err := loader.Load(chartFolder)
	if err != nil {
		return nil, err
	}
	release := chartutil.ReleaseOptions{Name: "rapport", Namespace: "crm", IsInstall: true, Revision: 1}
	all, err := chartutil.ToRenderValues(chart, values, release, chartutil.DefaultCapabilities.Copy())
	if err != nil {
		return nil, err
	}
	return engine.Engine{Strict: true}.Render(chart, all)
}

// object is one rendered object, decoded into its own type.
type object struct {
	kind, name string
	value      any
}

// kinds are the types that objects are decoded into, by apiVersion and kind.
var kinds = map[string]func() any{
	"v1/ConfigMap":                            func() any { return &core.ConfigMap{} },
	"v1/Service":                              func() any { return &core.Service{} },
	"v1/ServiceAccount":                       func() any { return &core.ServiceAccount{} },
	"apps/v1/Deployment":                      func() any { return &apps.Deployment{} },
	"batch/v1/Job":                            func() any { return &batch.Job{} },
	"policy/v1/PodDisruptionBudget":           func() any { return &policy.PodDisruptionBudget{} },
	"networking.k8s.io/v1/NetworkPolicy":      func() any { return &networking.NetworkPolicy{} },
	"networking.k8s.io/v1/Ingress":            func() any { return &networking.Ingress{} },
	"autoscaling/v2/HorizontalPodAutoscaler":  func() any { return &autoscaling.HorizontalPodAutoscaler{} },
	"monitoring.coreos.com/v1/ServiceMonitor": func() any { return &monitoring.ServiceMonitor{} },
	"keda.sh/v1alpha1/ScaledObject":           func() any { return &keda.ScaledObject{} },
	"keda.sh/v1alpha1/TriggerAuthentication":  func() any { return &keda.TriggerAuthentication{} },
}

// objects renders a variant and decodes all of it. A field that a type does not
// know, or one that is written twice, is an error.
func objects(t *testing.T, variant string) []object {
	t.Helper()
	return objectsOf(t, valuesOf(t, variant))
}

func objectsOf(t *testing.T, values map[string]any) []object {
	t.Helper()
	files, err := render(values)
	if err != nil {
		t.Fatal(err)
	}
	var all []object
	for name, text := range files {
		if path.Ext(name) != ".yaml" {
			continue
		}
		documents := yaml.NewYAMLReader(bufio.NewReader(strings.NewReader(text)))
		for {
			document, err := documents.Read()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if decoded, is := decode(t, name, document); is {
				all = append(all, decoded)
			}
		}
	}
	if len(all) == 0 {
		t.Fatal("nothing is rendered")
	}
	return all
}

func decode(t *testing.T, file string, document []byte) (object, bool) {
	t.Helper()
	var head struct {
		meta.TypeMeta `json:",inline"`
		Metadata      meta.ObjectMeta `json:"metadata"`
	}
	if err := strict.Unmarshal(document, &head); err != nil {
		t.Fatalf("%s: %v\n%s", file, err, document)
	}
	if head.Kind == "" {
		if rest := bytes.TrimSpace(withoutComments(document)); len(rest) > 0 {
			t.Fatalf("%s renders to something of no kind:\n%s", file, document)
		}
		return object{}, false
	}
	made, known := kinds[head.APIVersion+"/"+head.Kind]
	if !known {
		t.Fatalf("%s: %s/%s is nothing this check knows", file, head.APIVersion, head.Kind)
	}
	value := made()
	if err := strict.UnmarshalStrict(document, value); err != nil {
		t.Fatalf("%s: %s %s: %v\n%s", file, head.Kind, head.Metadata.Name, err, document)
	}
	if head.Metadata.Name == "" || len(head.Metadata.Name) > 63 {
		t.Errorf("%s: a %s is named %q", file, head.Kind, head.Metadata.Name)
	}
	return object{head.Kind, head.Metadata.Name, value}, true
}

func withoutComments(document []byte) []byte {
	var rest []byte
	for line := range bytes.Lines(document) {
		if line := bytes.TrimSpace(line); !bytes.HasPrefix(line, []byte("#")) && !bytes.Equal(line, []byte("---")) {
			rest = append(rest, line...)
		}
	}
	return rest
}

// of lists the objects of one type.
func of[T any](all []object) (some []*T) {
	for _, o := range all {
		if value, is := o.value.(*T); is {
			some = append(some, value)
		}
	}
	return some
}

func TestTheChartLints(t *testing.T) {
	for _, variant := range variants {
		t.Run(variant, func(t *testing.T) {
			for _, message := range lint.All(chartFolder, valuesOf(t, variant), "crm", false).Messages {
				if message.Severity >= support.WarningSev {
					t.Error(message)
				}
			}
		})
	}
}

func TestEveryObjectIsOneThatKubernetesKnows(t *testing.T) {
	want := map[string][]string{
		"minimal": {
			"ConfigMap rapport", "Deployment rapport-scheduler", "Deployment rapport-web", "Deployment rapport-worker-call", "Deployment rapport-worker-email",
			"Deployment rapport-worker-journey", "Deployment rapport-worker-push", "Deployment rapport-worker-sms", "Deployment rapport-worker-webhook",
			"Job rapport-migrate", "NetworkPolicy rapport-common", "NetworkPolicy rapport-migrate", "NetworkPolicy rapport-providers", "NetworkPolicy rapport-web",
			"PodDisruptionBudget rapport-scheduler", "PodDisruptionBudget rapport-web", "PodDisruptionBudget rapport-worker-call",
			"PodDisruptionBudget rapport-worker-email", "PodDisruptionBudget rapport-worker-journey", "PodDisruptionBudget rapport-worker-push",
			"PodDisruptionBudget rapport-worker-sms", "PodDisruptionBudget rapport-worker-webhook", "Service rapport-ops", "Service rapport-web",
		},
		"full": {
			"Deployment rapport-console", "Ingress rapport-console", "NetworkPolicy rapport-console",
			"Deployment rapport-worker-email", "Deployment rapport-worker-fast", "HorizontalPodAutoscaler rapport-web", "Ingress rapport-web", "Job rapport-migrate",
			"ScaledObject rapport-worker-email", "ScaledObject rapport-worker-fast", "ServiceAccount rapport", "ServiceMonitor rapport", "TriggerAuthentication rapport-redis",
		},
		"external": {"Deployment rapport-web"},
	}
	never := map[string][]string{"full": {"Deployment rapport-worker-push"}, "external": {"Job rapport-migrate", "NetworkPolicy rapport-common", "NetworkPolicy rapport-migrate", "Ingress rapport-web"}}
	for _, variant := range variants {
		t.Run(variant, func(t *testing.T) {
			var names []string
			for _, o := range objects(t, variant) {
				names = append(names, o.kind+" "+o.name)
			}
			slices.Sort(names)
			if twice := len(names) - len(slices.Compact(slices.Clone(names))); twice > 0 {
				t.Errorf("%d objects are there twice: %v", twice, names)
			}
			for _, name := range want[variant] {
				if !slices.Contains(names, name) {
					t.Errorf("there is no %s among %v", name, names)
				}
			}
			if variant == "minimal" && len(names) != len(want[variant]) {
				t.Errorf("%d objects, %d are wanted: %v", len(names), len(want[variant]), names)
			}
			for _, name := range never[variant] {
				if slices.Contains(names, name) {
					t.Errorf("there is a %s", name)
				}
			}
		})
	}
}

func TestAMisspeltFieldIsNoticed(t *testing.T) {
	for kind, text := range map[string]string{
		"apps/v1/Deployment":            "apiVersion: apps/v1\nkind: Deployment\nspec: {template: {spec: {containers: [{name: a, livenesProbe: {}}]}}}\n",
		"keda.sh/v1alpha1/ScaledObject": "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nspec: {scaleTargetRef: {name: a}, maxReplicas: 3}\n",
	} {
		if err := strict.UnmarshalStrict([]byte(text), kinds[kind]()); err == nil || !strings.Contains(err.Error(), "unknown field") {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestAValueThatMakesNoSenseIsRefusedByName(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"nothing said":              {"", "publicURL"},
		"a slash at the end":        {"publicURL: https://news.shop.example/", "publicURL"},
		"a path before the doors":   {"publicURL: https://shop.example/news", "publicURL"},
		"no Redis":                  {"secrets: [{existingSecret: a, settings: {store: b, link_keys: c}}]", "redis: neither"},
		"a URL beside sentinels":    {"config: {redis: {sentinel: {master: a, addresses: [\"b:26379\"]}}}", "secrets: the setting redis is a URL"},
		"a URL beside a cluster":    {"config: {redis: {cluster: [\"b:6379\"]}}", "secrets: the setting redis is a URL"},
		"a shutdown in halves":      {"config: {worker: {shutdown: 1m30s}}", "shutdown"},
		"a key nobody knows":        {"replicas: 3", "replicas"},
		"one inside":                {"web: {replica: 3}", "replica"},
		"one inside a worker":       {"workers: {email: {concurency: 3}}", "concurency"},
		"a queue that is not there": {"workers: {email: {queues: [fax]}}", "queues"},
		"a weight of nothing":       {"workers: {email: {queues: [email=0]}}", "queues"},
		"a worker without a queue":  {"workers: {email: {queues: []}}", "queues"},
		"nobody who reads STOPs":    {"workers: {journey: null}", "journey is in no queues"},
		"a channel nobody serves":   {"workers: {sms: null}", "sms is in no queues"},
		"journeys left out":         {"unservedQueues: [journey]", "unservedQueues"},
		"a key of the file":         {"config: {workr: {lease: 2m}}", "workr"},
		"one of its sections":       {"config: {retention: {timelin: 100d}}", "timelin"},
		"a channel that is none":    {"config: {limits: {emial: 3}}", "emial"},
		"providers of no channel":   {"config: {providers: {emial: {}}}", "emial"},
		"a setting that is none":    {"secrets: [{existingSecret: a, settings: {store: b, link_keys: c, redis: d, wirte_keys: e}}]", "wirte_keys"},
		"a provider of no channel":  {"secrets: [{existingSecret: a, settings: {store: b, link_keys: c, redis: d, providers_emial_sendgrid_api_key: e}}]", "providers_emial"},
		"a pull secret of no name":  {"imagePullSecrets: [{nme: regcred}]", "imagePullSecrets"},
		"an affinity of no kind":    {"pods: {affinity: {nodeAfinity: {}}}", "nodeAfinity"},
		"no number":                 {"scheduler: {replicas: many}", "/scheduler/replicas"},
		"memory Go cannot count":    {"web: {resources: {limits: {memory: 200M}}}", "memory"},
		"no limit":                  {"web: {resources: {limits: {memory: null}}}", "memory"},
		"the user root":             {"pods: {userID: 0}", "userID"},
		"a secret in the open":      {"config: {store: \"postgres://u:p@h/d\"}", "config.store"},
		"no store":                  {"secrets: [{existingSecret: a, settings: {link_keys: b}}]", "setting store"},
		"no source of secrets":      {"secrets: []", "secrets"},
		"a setting misspelt":        {"secrets: [{existingSecret: a, settings: {Store: b}}]", "'Store'"},
		"a console of no address":   {"console: {enabled: true}", "console.url"},
		"a console without TLS":     {"console: {enabled: true, url: \"http://console.shop.example\"}", "/console/url"},
		"KEDA without Redis":        {"keda: {enabled: true}", "address"},
		"a peer of no kind":         {"networkPolicy: {ingressFrom: [{namespace: a}]}", "namespace"},
		"a digest cut short":        {"image: {digest: \"sha256:abc\"}", "digest"},
	} {
		t.Run(name, func(t *testing.T) {
			text := c.text
			if c.want != "publicURL" {
				text += "\npublicURL: https://news.shop.example"
			}
			values, err := chartutil.ReadValues([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := render(values); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}
