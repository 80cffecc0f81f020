{{/* Labels that every object has beside those of the kustomizations. */}}
{{- define "muster.labels" -}}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}

{{- define "muster.image" -}}
{{- $ := .Values.image -}}
{{- $tag := $.tag | default .Chart.AppVersion -}}
{{- if $.digest }}{{ $.repository }}@{{ $.digest }}{{ else }}{{ $.repository }}:{{ $tag }}{{ end }}
{{- end }}

{{/* 1.36.3: of the value, or of the API server, without what a vendor adds (v1.33.2-gke.100, v1.33.1+k3s1). */}}
{{- define "muster.kubeSchedulerVersion" -}}
{{- .Values.kubeScheduler.version | default (regexFind "[0-9]+\\.[0-9]+\\.[0-9]+" .Capabilities.KubeVersion.Version) }}
{{- end }}

{{- define "muster.kubeSchedulerImage" -}}
{{- $ := .Values.kubeScheduler.image -}}
{{- $tag := $.tag | default (print "v" (include "muster.kubeSchedulerVersion" .)) -}}
{{- if $.digest }}{{ $.repository }}@{{ $.digest }}{{ else }}{{ $.repository }}:{{ $tag }}{{ end }}
{{- end }}

{{/* Not empty: kube-scheduler before 1.35, which refuses to start with a gate that it does not know. */}}
{{- define "muster.before135" -}}
{{- if semverCompare "<1.35.0" (include "muster.kubeSchedulerVersion" .) }}true{{ end }}
{{- end }}

{{- define "muster.percentageOfNodesToScore" -}}
{{- with .Values.kubeScheduler.percentageOfNodesToScore }}percentageOfNodesToScore: {{ int . }}{{ else }}# percentageOfNodesToScore: 100{{ end }}
{{- end }}

{{- define "muster.policies" -}}
{{- $given := .Values.policies -}}
{{- if kindIs "map" $given }}{{ toYaml $given }}{{ else }}{{ $given | default (.Files.Get "files/policies.yaml") }}{{ end }}
{{- end }}

{{- define "muster.webhookRules" -}}
{{- .Values.webhook.rules }}
{{- end }}

{{/* Fields of docs/config.md as variables: maxBodyBytes is MUSTER_MAX_BODY_BYTES, a list has commas. kube-scheduler before 1.31 takes nodes that an
answer leaves out for suitable. */}}
{{- define "muster.settings" -}}
{{- if not .Values.history.enabled }}
- name: MUSTER_KEEP_HISTORY
  value: 'false'
{{- end }}
{{- if and (semverCompare "<1.31.0" (include "muster.kubeSchedulerVersion" .)) (not .Values.config.reasons) }}
- name: MUSTER_REASONS
  value: all
{{- end }}
{{- range $field, $value := .Values.config }}
- name: MUSTER_{{ regexReplaceAll "[A-Z]" $field "_${0}" | upper }}
  value: {{ if kindIs "slice" $value }}{{ join "," $value | quote }}{{ else if kindIs "float64" $value }}{{ int64 $value | quote }}{{ else }}{{ toString $value | quote }}{{ end }}
{{- end }}
{{- end }}

{{- define "muster.podSettings" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
