//go:build deploy

package check

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	keda "github.com/kedacore/keda/v2/apis/keda/v1alpha1"
	"helm.sh/helm/v3/pkg/chartutil"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// pod is one pod of the chart, whoever makes it.
type pod struct {
	owner  string
	labels map[string]string
	spec   core.PodSpec
}

// pods are those of all Deployments and Jobs.
func pods(all []object) (found []pod) {
	for _, d := range of[apps.Deployment](all) {
		found = append(found, pod{d.Name, d.Spec.Template.Labels, d.Spec.Template.Spec})
	}
	for _, j := range of[batch.Job](all) {
		found = append(found, pod{j.Name, j.Spec.Template.Labels, j.Spec.Template.Spec})
	}
	return found
}

// eachPod checks the pods of every variant.
func eachPod(t *testing.T, check func(t *testing.T, p pod, c core.Container)) {
	t.Helper()
	for _, variant := range variants {
		for _, p := range pods(objects(t, variant)) {
			t.Run(variant+"/"+p.owner, func(t *testing.T) {
				if len(p.spec.Containers) != 1 || len(p.spec.InitContainers) != 0 {
					t.Fatal("one container is wanted")
				}
				check(t, p, p.spec.Containers[0])
			})
		}
	}
}

func TestPodsMayDoNothingTheyNeedNot(t *testing.T) {
	eachPod(t, func(t *testing.T, p pod, c core.Container) {
		s := p.spec.SecurityContext
		if s == nil || s.RunAsNonRoot == nil || !*s.RunAsNonRoot || s.RunAsUser == nil || *s.RunAsUser == 0 || s.FSGroup == nil ||
			s.SeccompProfile == nil || s.SeccompProfile.Type != core.SeccompProfileTypeRuntimeDefault {
			t.Errorf("the pod's security context: %+v", s)
		}
		in := c.SecurityContext
		if in == nil || in.ReadOnlyRootFilesystem == nil || !*in.ReadOnlyRootFilesystem || in.AllowPrivilegeEscalation == nil || *in.AllowPrivilegeEscalation ||
			in.Capabilities == nil || !slices.Equal(in.Capabilities.Drop, []core.Capability{"ALL"}) || len(in.Capabilities.Add) > 0 || in.Privileged != nil {
			t.Errorf("the container's: %+v", in)
		}
		if p.spec.HostNetwork || p.spec.HostPID || p.spec.HostIPC {
			t.Error("it sees its node")
		}
		for _, v := range p.spec.Volumes {
			if v.HostPath != nil {
				t.Errorf("%s is a folder of the node", v.Name)
			}
		}
		if p.spec.EnableServiceLinks == nil || *p.spec.EnableServiceLinks {
			t.Error("Kubernetes adds variables for Services, which the program refuses as unknown settings")
		}
	})
}

func TestPodsSayWhatTheyNeed(t *testing.T) {
	eachPod(t, func(t *testing.T, _ pod, c core.Container) {
		for _, resource := range []core.ResourceName{core.ResourceCPU, core.ResourceMemory} {
			request, limit := c.Resources.Requests[resource], c.Resources.Limits[resource]
			if request.IsZero() || limit.IsZero() || request.Cmp(limit) > 0 {
				t.Errorf("%s: it asks for %s and is limited to %s", resource, request.String(), limit.String())
			}
		}
		memory := variable(c, "GOMEMLIMIT")
		if memory == nil {
			t.Fatal("there is no GOMEMLIMIT")
		}
		var mebi int64
		if _, err := fmt.Sscanf(memory.Value, "%dMiB", &mebi); err != nil {
			t.Fatalf("GOMEMLIMIT is %q", memory.Value)
		}
		if limit := c.Resources.Limits.Memory().Value(); mebi<<20 >= limit || mebi<<20 < limit*8/10 {
			t.Errorf("Go may use %s of %d bytes", memory.Value, limit)
		}
		procs := variable(c, "GOMAXPROCS")
		if procs == nil || procs.ValueFrom == nil || procs.ValueFrom.ResourceFieldRef == nil ||
			procs.ValueFrom.ResourceFieldRef.Resource != "limits.cpu" || procs.ValueFrom.ResourceFieldRef.ContainerName != c.Name {
			t.Error("GOMAXPROCS does not follow the limit of its own container")
		}
	})
}

func variable(c core.Container, name string) *core.EnvVar {
	at := slices.IndexFunc(c.Env, func(v core.EnvVar) bool { return v.Name == name })
	if at < 0 {
		return nil
	}
	return &c.Env[at]
}

// drains are what the longest shutdown takes: worker.shutdown and 15 s in which its
// messages are settled, or web's drain and 15 s.
var drains = map[string]int64{"minimal": 40, "full": 65, "bucket": 40, "external": 40}

func TestRolesAreProbedAndDrain(t *testing.T) {
	for _, variant := range variants {
		for _, d := range of[apps.Deployment](objects(t, variant)) {
			t.Run(variant+"/"+d.Name, func(t *testing.T) {
				spec := d.Spec.Template.Spec
				c := spec.Containers[0]
				for path, probe := range map[string]*core.Probe{"/healthz": c.LivenessProbe, "/readyz": c.ReadinessProbe} {
					if probe == nil || probe.HTTPGet == nil || probe.HTTPGet.Path != path || probe.HTTPGet.Port.String() != "ops" {
						t.Errorf("%s is not asked at the operations port: %+v", path, probe)
					}
				}
				if r := c.ReadinessProbe; r.PeriodSeconds*(r.FailureThreshold-1) <= 5 {
					t.Errorf("one look that fails, which holds for five seconds, takes it away: %+v", r)
				}
				if listen := variable(c, "RAPPORT_OPS_LISTEN"); listen == nil || !strings.HasSuffix(listen.Value, fmt.Sprintf(":%d", portOf(c, "ops"))) {
					t.Errorf("the port named ops is not the one the program listens at: %+v", listen)
				}
				if grace := spec.TerminationGracePeriodSeconds; grace == nil {
					t.Error("nothing says how long it has to leave")
				} else if *grace <= drains[variant] || *grace > drains[variant]+10 {
					t.Errorf("it has %d s to leave, and wants a little more than %d", *grace, drains[variant])
				}
				if c.Lifecycle != nil {
					t.Error("something runs before SIGTERM, whose time is taken from the drain")
				}
				if drain := variable(c, "RAPPORT_OPS_DRAIN"); drain != nil {
					lasts, err := time.ParseDuration(drain.Value)
					unready := time.Duration(c.ReadinessProbe.PeriodSeconds*c.ReadinessProbe.FailureThreshold) * time.Second
					if err != nil || lasts <= unready {
						t.Errorf("it shuts its doors after %s, before it is found unready (%s)", lasts, unready)
					}
				}
				if s := d.Spec.Strategy.RollingUpdate; s == nil || s.MaxUnavailable.IntValue() != 0 {
					t.Errorf("a rollout takes some away before others are there: %+v", s)
				}
				if len(spec.TopologySpreadConstraints) != 2 {
					t.Error("it is not spread over nodes and zones")
				}
			})
		}
	}
}

func portOf(c core.Container, name string) int32 {
	for _, p := range c.Ports {
		if p.Name == name {
			return p.ContainerPort
		}
	}
	return 0
}

// Whatever selects pods must find its own, and nothing but them.
func TestSelectorsFindTheirPods(t *testing.T) {
	for _, variant := range variants {
		t.Run(variant, func(t *testing.T) {
			all := objects(t, variant)
			finds := func(what string, selector map[string]string, want ...string) {
				t.Helper()
				var found []string
				for _, p := range pods(all) {
					if labels.SelectorFromSet(selector).Matches(labels.Set(p.labels)) {
						found = append(found, p.owner)
					}
				}
				slices.Sort(found)
				slices.Sort(want)
				if !slices.Equal(found, want) {
					t.Errorf("%s selects %v, want %v", what, found, want)
				}
			}
			var everybody []string
			for _, p := range pods(all) {
				everybody = append(everybody, p.owner)
			}
			for _, d := range of[apps.Deployment](all) {
				finds("the Deployment "+d.Name, d.Spec.Selector.MatchLabels, d.Name)
			}
			budgets := of[policy.PodDisruptionBudget](all)
			if len(budgets) != len(of[apps.Deployment](all)) {
				t.Errorf("%d budgets for %d Deployments", len(budgets), len(of[apps.Deployment](all)))
			}
			for _, b := range budgets {
				finds("the budget "+b.Name, b.Spec.Selector.MatchLabels, b.Name)
			}
			for _, s := range of[core.Service](all) {
				if s.Name == "rapport-ops" {
					finds("the Service "+s.Name, s.Spec.Selector, everybody...)
					continue
				}
				owner := s.Name
				if s.Name == "rapport-smtp" {
					owner = "rapport-web"
				}
				finds("the Service "+s.Name, s.Spec.Selector, owner)
			}
			for _, p := range of[networking.NetworkPolicy](all) {
				if p.Name == "rapport-common" {
					finds("the policy "+p.Name, p.Spec.PodSelector.MatchLabels, everybody...)
				}
			}
		})
	}
}

// Public doors and the operations port are different ports, and only the former
// has an Ingress.
func TestOnlyTheDoorsAreReachedFromOutside(t *testing.T) {
	all := objects(t, "full")
	leads := map[string]string{}
	for _, i := range of[networking.Ingress](all) {
		for _, rule := range i.Spec.Rules {
			for _, path := range rule.HTTP.Paths {
				leads[rule.Host+path.Path] = path.Backend.Service.Name + ":" + path.Backend.Service.Port.Name
			}
		}
	}
	want := map[string]string{"news.shop.example/": "rapport-web:http", "console.shop.example/": "rapport-console:http"}
	if !maps.Equal(leads, want) {
		t.Errorf("Ingresses lead %v, want %v", leads, want)
	}
	for _, s := range of[core.Service](all) {
		for _, port := range s.Spec.Ports {
			if s.Spec.ClusterIP != core.ClusterIPNone && port.TargetPort.String() == "ops" {
				t.Errorf("the Service %s routes to the operations port", s.Name)
			}
		}
	}
	for _, p := range of[networking.NetworkPolicy](all) {
		for _, rule := range p.Spec.Ingress {
			if len(rule.From) == 0 {
				t.Errorf("%s admits everybody, whatever the values say", p.Name)
			}
		}
		for _, rule := range p.Spec.Egress {
			if len(rule.Ports) == 0 {
				t.Errorf("%s lets pods reach every port", p.Name)
			}
		}
	}
}

// The hook runs before the release's own objects exist.
func TestTheMigrationLeansOnNothingOfTheRelease(t *testing.T) {
	for _, variant := range []string{"minimal", "full", "bucket"} {
		job := of[batch.Job](objects(t, variant))[0]
		if hook := job.Annotations["helm.sh/hook"]; hook != "pre-install,pre-upgrade" {
			t.Errorf("it runs at %q", hook)
		}
		spec := job.Spec.Template.Spec
		for _, v := range spec.Volumes {
			if v.ConfigMap != nil || v.PersistentVolumeClaim != nil {
				t.Errorf("%s: it needs %s", variant, v.Name)
			}
		}
		if spec.ServiceAccountName != "" || len(spec.InitContainers) > 0 || spec.RestartPolicy != core.RestartPolicyNever {
			t.Errorf("%s: %+v", variant, spec)
		}
	}
}

// A setting that makes sense only beside what the ConfigMap says would end it. What
// the cluster wants of every pod it wants of this one too, and the store's DSN may name
// a certificate.
func TestTheMigrationHasWhatItUsesAndNoMore(t *testing.T) {
	for _, variant := range []string{"minimal", "full", "bucket"} {
		template := of[batch.Job](objects(t, variant))[0].Spec.Template
		var settings []string
		for _, v := range template.Spec.Containers[0].Env {
			if strings.HasPrefix(v.Name, "RAPPORT_") {
				settings = append(settings, v.Name)
			}
		}
		if !slices.Equal(settings, []string{"RAPPORT_STORE_FILE"}) {
			t.Errorf("%s: it is given %v", variant, settings)
		}
		for _, v := range template.Spec.Volumes {
			if v.Projected != nil && (len(v.Projected.Sources) != 1 || len(v.Projected.Sources[0].Secret.Items) != 1) {
				t.Errorf("%s: it may read more secrets than the store's", variant)
			}
		}
	}
	full := of[batch.Job](objects(t, "full"))[0].Spec.Template
	files := slices.IndexFunc(full.Spec.Volumes, func(v core.Volume) bool { return v.Secret != nil && v.Secret.SecretName == "rapport-files" })
	if files < 0 || !slices.ContainsFunc(full.Spec.Containers[0].VolumeMounts, func(m core.VolumeMount) bool {
		return m.Name == full.Spec.Volumes[files].Name && m.MountPath == "/etc/rapport/files"
	}) {
		t.Error("files are not mounted")
	}
	if full.Labels["team"] != "crm" || full.Annotations["linkerd.io/inject"] != "disabled" || full.Spec.PriorityClassName != "high" {
		t.Errorf("it lacks what pods have in common: %v %v %q", full.Labels, full.Annotations, full.Spec.PriorityClassName)
	}
}

// What the values let pods reach, all of them may: web asks Sentinels for Redis and
// sends traces like everybody else.
func TestEveryPodMayReachWhatTheValuesName(t *testing.T) {
	all := objects(t, "bucket")
	for _, p := range pods(all) {
		reached := map[int32]bool{}
		for _, policy := range of[networking.NetworkPolicy](all) {
			selector, err := meta.LabelSelectorAsSelector(&policy.Spec.PodSelector)
			if err != nil {
				t.Fatal(err)
			}
			if !selector.Matches(labels.Set(p.labels)) || !slices.Contains(policy.Spec.PolicyTypes, networking.PolicyTypeEgress) {
				continue
			}
			for _, rule := range policy.Spec.Egress {
				for _, port := range rule.Ports {
					reached[port.Port.IntVal] = true
				}
			}
		}
		for _, port := range []int32{53, 5432, 6379, 26379, 4318, 9000, 80} {
			if !reached[port] && (port != 6379 || p.owner != "rapport-migrate") {
				t.Errorf("%s may not reach port %d", p.owner, port)
			}
		}
	}
}

// The hook runs while the policies of the release before are in force. One of its own,
// made before it, lets it reach a database that has moved.
func TestTheMigrationReachesADatabaseThatMoves(t *testing.T) {
	all := objects(t, "bucket")
	job := of[batch.Job](all)[0]
	weight := func(annotations map[string]string) int {
		n, _ := strconv.Atoi(annotations["helm.sh/hook-weight"]) // 0 unless said
		return n
	}
	var own []string
	for _, policy := range of[networking.NetworkPolicy](all) {
		selector, err := meta.LabelSelectorAsSelector(&policy.Spec.PodSelector)
		if err != nil {
			t.Fatal(err)
		}
		if !selector.Matches(labels.Set(job.Spec.Template.Labels)) {
			continue
		}
		own = append(own, policy.Name)
		if policy.Annotations["helm.sh/hook"] != job.Annotations["helm.sh/hook"] || weight(policy.Annotations) >= weight(job.Annotations) {
			t.Errorf("%s is not there before the migration: %v", policy.Name, policy.Annotations)
		}
	}
	if !slices.Equal(own, []string{"rapport-migrate"}) {
		t.Errorf("the migration is under the policies %v", own)
	}
}

// Mail servers are not where the Ingress controller is.
func TestMailComesByItsOwnPeers(t *testing.T) {
	from := map[int32]string{}
	for _, policy := range of[networking.NetworkPolicy](objects(t, "full")) {
		for _, rule := range policy.Spec.Ingress {
			for _, port := range rule.Ports {
				for _, peer := range rule.From {
					if peer.IPBlock != nil {
						from[port.Port.IntVal] = peer.IPBlock.CIDR
					} else {
						from[port.Port.IntVal] = fmt.Sprint(peer.NamespaceSelector.MatchLabels)
					}
				}
			}
		}
	}
	if from[2525] != "198.51.100.0/24" || !strings.Contains(from[8080], "ingress-nginx") {
		t.Errorf("mail comes from %s, requests from %s", from[2525], from[8080])
	}
}

// The doors and mail have a Service each: a balancer that shows mail's senders is
// none that the doors want.
func TestMailHasAServiceOfItsOwn(t *testing.T) {
	services := map[string]core.ServiceSpec{}
	for _, s := range of[core.Service](objects(t, "full")) {
		services[s.Name] = s.Spec
	}
	mail, doors := services["rapport-smtp"], services["rapport-web"]
	if len(mail.Ports) != 1 || mail.Ports[0].TargetPort.String() != "smtp" || mail.Type != core.ServiceTypeLoadBalancer ||
		mail.ExternalTrafficPolicy != core.ServiceExternalTrafficPolicyLocal || !slices.Equal(mail.LoadBalancerSourceRanges, []string{"198.51.100.0/24"}) {
		t.Errorf("mail comes by %+v", mail)
	}
	if len(doors.Ports) != 1 || doors.Type != core.ServiceTypeNodePort || doors.ExternalTrafficPolicy != "" {
		t.Errorf("requests come by %+v", doors)
	}
}

func TestEveryQueueIsServed(t *testing.T) {
	served := map[string]bool{}
	for _, p := range pods(objects(t, "minimal")) {
		args := p.spec.Containers[0].Args
		if at := slices.Index(args, "--queues"); at >= 0 {
			for _, queue := range strings.Split(args[at+1], ",") {
				served[queue] = true
			}
		}
	}
	want := []string{"call", "email", "journey", "push", "sms", "webhook"}
	if got := slices.Sorted(maps.Keys(served)); !slices.Equal(got, want) {
		t.Errorf("served are %v, want %v", got, want)
	}
}

// Two that both say how many there are would undo each other's work for ever.
func TestWhatIsScaledSaysNoNumber(t *testing.T) {
	all := objects(t, "full")
	scaled := map[string]bool{}
	for _, h := range of[autoscaling.HorizontalPodAutoscaler](all) {
		scaled[h.Spec.ScaleTargetRef.Name] = true
	}
	for _, s := range of[keda.ScaledObject](all) {
		scaled[s.Spec.ScaleTargetRef.Name] = true
	}
	for _, d := range of[apps.Deployment](all) {
		if scaled[d.Name] == (d.Spec.Replicas != nil) {
			t.Errorf("%s: scaled %t, replicas %v", d.Name, scaled[d.Name], d.Spec.Replicas)
		}
		delete(scaled, d.Name)
	}
	if len(scaled) > 0 {
		t.Errorf("scaled and not there: %v", scaled)
	}
}

// The names are those of KEDA's scaler for Redis.
func TestKEDAHasWhatRedisAsksOfIt(t *testing.T) {
	keys := map[string]string{}
	for _, target := range of[keda.TriggerAuthentication](objects(t, "full"))[0].Spec.SecretTargetRef {
		if target.Name != "redis" {
			t.Errorf("%s comes from %s", target.Parameter, target.Name)
		}
		keys[target.Parameter] = target.Key
	}
	want := map[string]string{
		"password": "password", "username": "username",
		"sentinelPassword": "sentinel_password", "sentinelUsername": "sentinel_username", "ca": "ca.pem",
	}
	if !maps.Equal(keys, want) {
		t.Errorf("it is given %v, want %v", keys, want)
	}
}

func TestKEDALooksAtTheQueuesThatAWorkerServes(t *testing.T) {
	for _, s := range of[keda.ScaledObject](objects(t, "full")) {
		var lists []string
		for _, trigger := range s.Spec.Triggers {
			if trigger.Type != "redis" || trigger.Metadata["address"] == "" || trigger.Metadata["listLength"] == "" || trigger.AuthenticationRef == nil {
				t.Errorf("%s: %+v", s.Name, trigger)
			}
			lists = append(lists, trigger.Metadata["listName"])
		}
		want := map[string][]string{
			"rapport-worker-email": {"asynq:{email}:pending", "asynq:{email.1}:pending", "asynq:{push}:pending", "asynq:{push.1}:pending"},
			"rapport-worker-fast":  {"asynq:{journey}:pending", "asynq:{call}:pending", "asynq:{call.1}:pending", "asynq:{sms}:pending", "asynq:{sms.1}:pending"},
		}[s.Name]
		if want != nil && !slices.Equal(lists, want) {
			t.Errorf("%s looks at %q", s.Name, lists)
		}
	}
}

// A team that places its pods by rules of its own gets these and no others.
func TestPodsGoWhereTheyAreTold(t *testing.T) {
	const text = `
publicURL: https://news.shop.example
imagePullSecrets: [plain, {name: regcred}]
web: {nodeSelector: {pool: public}}
workers: {sms: null, email: {nodeSelector: {pool: work}}}
unservedQueues: [sms]
pods:
  nodeSelector: {pool: all}
  affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {team: crm}}}]}}
  topologySpreadConstraints:
    - {maxSkew: 2, topologyKey: rack, whenUnsatisfiable: DoNotSchedule}
    - {maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {team: crm}}}
`
	values, err := chartutil.ReadValues([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	pools := map[string]string{"web": "public", "worker-email": "work"}
	seen := 0
	for _, p := range pods(objectsOf(t, values)) {
		role := p.labels["app.kubernetes.io/component"]
		if got := p.spec.ImagePullSecrets; len(got) != 2 || got[0].Name != "plain" || got[1].Name != "regcred" {
			t.Errorf("%s: pull secrets are %v", role, got)
		}
		if pool := cmp.Or(pools[role], "all"); p.spec.NodeSelector["pool"] != pool {
			t.Errorf("%s goes to %v, want %s", role, p.spec.NodeSelector, pool)
		}
		if role == "migrate" {
			continue
		}
		seen++
		if a := p.spec.Affinity; a == nil || a.PodAntiAffinity == nil || len(a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution) != 1 {
			t.Errorf("%s: its affinity is %+v", role, a)
		}
		spread := p.spec.TopologySpreadConstraints
		if len(spread) != 2 || spread[0].TopologyKey != "rack" || spread[0].MaxSkew != 2 ||
			spread[0].LabelSelector.MatchLabels["app.kubernetes.io/component"] != role || spread[1].LabelSelector.MatchLabels["team"] != "crm" {
			t.Errorf("%s is spread by %+v", role, spread)
		}
	}
	if seen < 7 {
		t.Errorf("only %d pods were looked at", seen)
	}
}
