package main

import (
	"strings"
	"text/template"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"
)

// manPage is the template of the manual page. Kingpin's own one puts all lines of
// --version into the title, and has no summary for whatis.
const manPage = `.TH CBR_EXPORTER 1 "" "{{.App.Name}} {{release}}" "User Commands"
.SH NAME
{{.App.Name}} \- {{roff .App.Help}}
.SH SYNOPSIS
.B {{.App.Name}}
.RI [ flags ]
.SH OPTIONS
{{- range .App.Flags}}{{if not .Hidden}}
.TP
.B {{if .Short}}\-{{.Short | Char}}, {{end}}\-\-{{roff .Name}}{{if not .IsBoolFlag}}={{roff .FormatPlaceHolder}}{{end}}
{{roff .Help}}
{{- end}}{{end}}
.SH SIGNALS
.TP
.B SIGHUP
Reload the configuration.
.TP
.B SIGINT, SIGTERM
Exit, within five seconds.
.SH EXIT STATUS
0 after a signal and if a check found no mistake, 2 for a mistake in the flags, 1 for any other failure.
`

// zshCompletion is the template of the completion for zsh. Kingpin's own one, as a file in
// fpath, only defines a function when it is first called: the first TAB would do nothing.
func zshCompletion() string {
	return strings.TrimSuffix(kingpin.ZshCompletionTemplate, "fi\n") + "else\n    _{{.App.Name}}\nfi\n"
}

// writeUsage writes a template of kingpin to the usage writer of the app.
func writeUsage(app *kingpin.Application, page string) error {
	app.UsageFuncs(template.FuncMap{
		"release": func() string { return version.Version },
		"roff":    strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace,
	})
	context, err := app.ParseContext(nil)
	if err != nil {
		return err
	}
	return app.UsageForContextWithTemplate(context, 2, page)
}
