package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v3"

	"github.com/cbr-exporter/cbr_exporter/config"
)

// checkWebConfig says what is wrong with the file of --web.config.file, if there
// is one.
func checkWebConfig(file string) error {
	if file == "" {
		return nil
	}
	// Package web reads whatever it is, a pipe as well.
	content, err := config.ReadFile(file, "--web.config.file")
	if err != nil {
		return err
	}
	if err := web.Validate(file); err != nil {
		return errors.Join(webProblems(file, content, err)...)
	}
	return nil
}

var (
	withLine = regexp.MustCompile(`^\s*(?:yaml: )?line (\d+): (.*)$`)
	ofKey    = regexp.MustCompile(`^field (\S+) (not found|already set) in type .*$`)
	quoted   = regexp.MustCompile(" ?`[^`]*`") // a part of the file, and so maybe of a password
)

// webProblems says what package web has against the file with the content: where,
// and what to do, as far as its error tells.
func webProblems(file string, content []byte, err error) []error {
	text := strings.TrimPrefix(err.Error(), "yaml: unmarshal errors:\n")
	if strings.HasPrefix(text, "crypto/bcrypt:") {
		return []error{fmt.Errorf("%s%s: basic_auth_users: a value that is no bcrypt hash; write one as htpasswd -nBC 10 USER prints it behind the colon",
			file, lineOfPassword(content))}
	}
	var problems []error
	for problem := range strings.Lines(text) {
		problem = quoted.ReplaceAllString(strings.TrimRight(problem, "\n"), "")
		place := file
		if match := withLine.FindStringSubmatch(problem); match != nil {
			place, problem = file+":"+match[1], match[2]
		}
		if match := ofKey.FindStringSubmatch(problem); match != nil {
			problem = match[1] + ": " + map[string]string{"not found": "unknown key", "already set": "set twice"}[match[2]]
		}
		problems = append(problems, fmt.Errorf("%s: %s; %s", place, problem, webRemedy(problem)))
	}
	return problems
}

func webRemedy(problem string) string {
	switch {
	case strings.HasPrefix(problem, "missing one of "):
		return "add it to tls_server_config"
	case strings.HasPrefix(problem, "failed to read "):
		return "correct the path, which starts at the folder of this file unless it is absolute, and let the user that runs the exporter read it"
	case strings.Contains(problem, "without a Client Auth Policy"):
		return "set client_auth_type, for example to RequireAndVerifyClientCert"
	case strings.Contains(problem, "X509KeyPair"):
		return "give a certificate and its key, both in PEM form"
	default:
		return "https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md has what may be there"
	}
}

var bcryptHash = regexp.MustCompile(`^\$2[abxy]?\$\d\d\$.{53}$`)

// lineOfPassword returns a colon and the line of the first user whose password is
// not hashed; nothing where there is none.
func lineOfPassword(content []byte) string {
	var file struct {
		Users map[string]yaml.Node `yaml:"basic_auth_users"`
	}
	if err := yaml.Unmarshal(content, &file); err != nil {
		return ""
	}
	first := 0
	for _, password := range file.Users {
		if !bcryptHash.MatchString(password.Value) && (first == 0 || password.Line < first) {
			first = password.Line
		}
	}
	if first == 0 {
		return ""
	}
	return fmt.Sprintf(":%d", first)
}
