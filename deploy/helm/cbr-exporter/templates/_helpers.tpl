{{- define "cbr-exporter.fullname" -}}
{{- $name := .Chart.Name }}
{{- if .Values.fullnameOverride }}
{{- $name = .Values.fullnameOverride }}
{{- else if contains $name .Release.Name }}
{{- $name = .Release.Name }}
{{- else }}
{{- $name = printf "%s-%s" .Release.Name $name }}
{{- end }}
{{- /* The rest of the 63 characters is for the name of a shard. */}}
{{- $name | replace "." "-" | trunc 42 | trimSuffix "-" }}
{{- end }}

{{- define "cbr-exporter.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (ternary (include "cbr-exporter.fullname" .) "default" .Values.serviceAccount.create) }}
{{- end }}

{{- define "cbr-exporter.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- /* It gets a list of the root and of labels of the object. */}}
{{- define "cbr-exporter.labels" -}}
{{- $root := first . }}
{{- $labels := include "cbr-exporter.selectorLabels" $root | fromYaml }}
{{- $_ := set $labels "app.kubernetes.io/version" $root.Chart.AppVersion }}
{{- $_ := set $labels "app.kubernetes.io/managed-by" $root.Release.Service }}
{{- $_ := set $labels "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") }}
{{- merge $labels (last . | default dict) ($root.Values.commonLabels | default dict) | toYaml }}
{{- end }}

{{- /* The templates below are of one Deployment: of a shard, or of the only one, whose
shard is "". They get a dict with root, shard, and overrides of the configuration. */}}

{{- define "cbr-exporter.shard.name" -}}
{{- printf "%s-%s" (include "cbr-exporter.fullname" .root) .shard | trimSuffix "-" }}
{{- end }}

{{- define "cbr-exporter.shard.selectorLabels" -}}
{{ include "cbr-exporter.selectorLabels" .root }}
{{- with .shard }}
cbr-exporter/shard: {{ . | quote }}
{{- end }}
{{- end }}

{{- define "cbr-exporter.shard.labels" -}}
{{- include "cbr-exporter.labels" (list .root (include "cbr-exporter.shard.selectorLabels" . | fromYaml)) }}
{{- end }}

{{- define "cbr-exporter.shard.config" -}}
{{- $config := deepCopy (.root.Values.config | default dict) }}
{{- /* A key of a shard replaces the whole key, as credentials of a project do. */}}
{{- range $key, $value := .overrides }}
{{- $_ := set $config $key $value }}
{{- end }}
{{- if and (.root.Values.credentials).existingSecret (not $config.credentials) }}
{{- $needed := false }}
{{- range $config.projects }}
{{- if not .credentials }}{{ $needed = true }}{{ end }}
{{- end }}
{{- /* Never left to the exporter: without credentials it would use the agency of the node. */}}
{{- if $needed }}
{{- $_ := set $config "credentials" (dict "access_key_file" "secrets/access-key" "secret_key_file" "secrets/secret-key") }}
{{- end }}
{{- end }}
{{- toYaml $config }}
{{- end }}
