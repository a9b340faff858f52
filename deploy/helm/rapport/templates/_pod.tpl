{{- /* What every pod of the program has in common. They are told what they run:
a dict of root, component, args, resources, env and their role's nodeSelector. */}}

{{- /* Names, or objects with a name. */}}
{{- define "rapport.pullSecrets" -}}
{{- range . }}
- name: {{ if kindIs "map" . }}{{ .name }}{{ else }}{{ . }}{{ end }}
{{- end }}
{{- end }}

{{- define "rapport.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ .Values.pods.userID }}
runAsGroup: {{ .Values.pods.userID }}
fsGroup: {{ .Values.pods.userID }}
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "rapport.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: {drop: [ALL]}
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- /* The memory that Go may use is nine tenths of the limit; what is left is for
what Go does not count. */}}
{{- define "rapport.memory" -}}
{{- $mebi := trimSuffix "Mi" . }}
{{- if hasSuffix "Gi" . }}{{ $mebi = trimSuffix "Gi" . | int | mul 1024 }}{{ end }}
{{- div (mul (int $mebi) 9) 10 }}MiB
{{- end }}

{{- /* Seconds to leave in: 20 more than worker.shutdown, in which is written what
became of messages, and never fewer than web's drain and its last requests take. */}}
{{- define "rapport.grace" -}}
{{- $seconds := trimSuffix "s" . | int }}
{{- if hasSuffix "m" . }}{{ $seconds = trimSuffix "m" . | int | mul 60 }}{{ end }}
{{- max 45 (add $seconds 20) }}
{{- end }}

{{- define "rapport.goEnv" -}}
- name: GOMEMLIMIT
  value: {{ include "rapport.memory" .resources.limits.memory }}
- name: GOMAXPROCS
  valueFrom: {resourceFieldRef: {containerName: rapport, resource: limits.cpu, divisor: "1"}}
{{- end }}

{{- /* Both are told of sources, each a Secret and which settings its keys are. */}}
{{- define "rapport.secretEnv" -}}
{{- range . }}
{{- range $setting, $key := .settings }}
- name: RAPPORT_{{ upper $setting }}_FILE
  value: /etc/rapport/secrets/{{ $setting }}
{{- end }}
{{- end }}
{{- end }}

{{- define "rapport.secretVolume" -}}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      {{- range . }}
      - secret:
          name: {{ .existingSecret }}
          items:
            {{- range $setting, $key := .settings }}
            - {key: {{ $key | quote }}, path: {{ $setting }}}
            {{- end }}
      {{- end }}
{{- end }}

{{- define "rapport.pod" -}}
{{- $root := .root }}
{{- $values := $root.Values }}
metadata:
  labels:
    {{- include "rapport.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
    {{- with $values.pods.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    checksum/config: {{ include "rapport.config" $root | sha256sum }}
    {{- with $values.pods.annotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "rapport.serviceAccount" $root }}
  automountServiceAccountToken: {{ $values.serviceAccount.create }}
  # Variables that Kubernetes makes for a Service named rapport would pass for
  # settings, and unknown ones are refused.
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ include "rapport.grace" (dig "worker" "shutdown" "25s" $values.config) }}
  securityContext:
    {{- include "rapport.podSecurity" $root | nindent 4 }}
  {{- with $values.imagePullSecrets }}
  imagePullSecrets:
    {{- include "rapport.pullSecrets" . | nindent 4 }}
  {{- end }}
  {{- with $values.pods.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with get . "nodeSelector" | default $values.pods.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.pods.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.pods.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  topologySpreadConstraints:
    {{- range $values.pods.topologySpreadConstraints }}
    - {{- toYaml . | nindent 6 }}
      {{- if not (hasKey . "labelSelector") }}
      labelSelector:
        matchLabels:
          {{- include "rapport.selector" $root | nindent 10 }}
          app.kubernetes.io/component: {{ $.component }}
      {{- end }}
    {{- else }}
    {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - maxSkew: 1
      topologyKey: {{ . }}
      whenUnsatisfiable: ScheduleAnyway
      matchLabelKeys: [pod-template-hash]
      labelSelector:
        matchLabels:
          {{- include "rapport.selector" $root | nindent 10 }}
          app.kubernetes.io/component: {{ $.component }}
    {{- end }}
    {{- end }}
  containers:
    - name: rapport
      image: {{ include "rapport.image" $root | quote }}
      imagePullPolicy: {{ $values.image.pullPolicy }}
      args: {{ concat .args (list "--config" "/etc/rapport/config/config.yaml") | toJson }}
      env:
        {{- include "rapport.goEnv" . | nindent 8 }}
        - name: RAPPORT_PUBLIC_URL
          value: {{ $values.publicURL | quote }}
        - name: RAPPORT_OPS_LISTEN
          value: 0.0.0.0:9090
        {{- if $values.web.smtp.enabled }}
        # Web listens; all others must know that mail comes in.
        - name: RAPPORT_INBOUND_SMTP_LISTEN
          value: 0.0.0.0:2525
        {{- end }}
        {{- range $name, $value := .env }}
        - name: {{ $name }}
          value: {{ $value | quote }}
        {{- end }}
        {{- include "rapport.secretEnv" $values.secrets | nindent 8 }}
      ports:
        - {name: ops, containerPort: 9090, protocol: TCP}
        {{- range $name, $port := .ports }}
        - {name: {{ $name }}, containerPort: {{ $port }}, protocol: TCP}
        {{- end }}
      livenessProbe:
        httpGet: {path: /healthz, port: ops}
        initialDelaySeconds: 5
        periodSeconds: 10
        timeoutSeconds: 3
        failureThreshold: 3
      # A look holds until the next has ended, five seconds as a rule: one alone takes no pod away.
      readinessProbe:
        httpGet: {path: /readyz, port: ops}
        periodSeconds: 3
        timeoutSeconds: 3
        failureThreshold: 3
      resources:
        {{- toYaml .resources | nindent 8 }}
      securityContext:
        {{- include "rapport.containerSecurity" $root | nindent 8 }}
      volumeMounts:
        - {name: config, mountPath: /etc/rapport/config, readOnly: true}
        - {name: secrets, mountPath: /etc/rapport/secrets, readOnly: true}
        - {name: tmp, mountPath: /tmp}
        {{- if $values.files.existingSecret }}
        - {name: files, mountPath: /etc/rapport/files, readOnly: true}
        {{- end }}
        {{- if $values.recordings.existingClaim }}
        - {name: recordings, mountPath: /var/lib/rapport/sounds}
        {{- end }}
  volumes:
    - name: config
      configMap: {name: {{ include "rapport.name" $root }}}
    {{- include "rapport.secretVolume" $values.secrets | nindent 4 }}
    - name: tmp
      emptyDir: {sizeLimit: 256Mi}
    {{- with $values.files.existingSecret }}
    - name: files
      secret: {secretName: {{ . }}, defaultMode: 0440}
    {{- end }}
    {{- with $values.recordings.existingClaim }}
    - name: recordings
      persistentVolumeClaim: {claimName: {{ . }}}
    {{- end }}
{{- end }}

{{- /* A Deployment around it: root, component, replicas, whether something else scales
it, and what the pod is told. */}}
{{- define "rapport.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "rapport.name" .root }}-{{ .component }}
  labels:
    {{- include "rapport.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
spec:
  {{- if not .scaled }}
  replicas: {{ .replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  strategy:
    type: RollingUpdate
    rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
  selector:
    matchLabels:
      {{- include "rapport.selector" .root | nindent 6 }}
      app.kubernetes.io/component: {{ .component }}
  template:
    {{- include "rapport.pod" . | nindent 4 }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "rapport.name" .root }}-{{ .component }}
  labels:
    {{- include "rapport.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
spec:
  maxUnavailable: 1
  # One that cannot work anyway may go.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "rapport.selector" .root | nindent 6 }}
      app.kubernetes.io/component: {{ .component }}
{{- end }}
