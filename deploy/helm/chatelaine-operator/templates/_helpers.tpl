{{- /* A release is the operator, so what it makes has one name, which the operator looks for. */ -}}
{{- define "operator.name" -}}chatelaine-operator{{- end -}}

{{- define "operator.selector" -}}
app.kubernetes.io/name: chatelaine-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "operator.labels" -}}
{{ include "operator.selector" . }}
app.kubernetes.io/component: operator
app.kubernetes.io/part-of: chatelaine
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "operator.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "operator.rights" -}}
{{ .Files.Get "files/rights.yaml" }}
{{- end -}}
