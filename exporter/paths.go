package exporter

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
)

const profilesPath = "/debug/pprof/"

// TelemetryPathError returns an error if p cannot be the path of the metrics page.
func TelemetryPathError(p string) error {
	if err := pathError(p); err != nil {
		return err
	}
	clean := path.Clean(p)
	isBelow := func(folder string) bool { return strings.HasPrefix(clean+"/", folder) }
	if slices.Contains([]string{"/config", probePath, "/sd", "/resource"}, clean) ||
		slices.ContainsFunc([]string{"/api/v1/", "/assets/", "/-/", profilesPath}, isBelow) {
		return fmt.Errorf("%q is the path of another page; choose a different one", p)
	}
	return nil
}

// ParseExternalURL parses the URL under which others reach the exporter. Its path has no
// slash at the end. Errors do not show the text, which may have a password.
func ParseExternalURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil ||
		u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, errors.New("write an http or https URL such as https://example.com/cbr, without user, query and fragment")
	}
	if u.Path, err = ParseRoutePrefix(u.Path); err != nil {
		return nil, err
	}
	return u, nil
}

// ParseRoutePrefix returns a path that others follow: with a slash before it and none at
// its end. It is empty if that leaves nothing.
func ParseRoutePrefix(p string) (string, error) {
	p = "/" + strings.Trim(p, "/")
	if err := pathError(p); err != nil {
		return "", err
	}
	return strings.TrimSuffix(p, "/"), nil
}

// pathError returns an error if p is not a plain path.
func pathError(p string) error {
	if !regexp.MustCompile(`^/[\w./-]*$`).MatchString(p) || strings.TrimSuffix(p, "/") != strings.TrimSuffix(path.Clean(p), "/") {
		return fmt.Errorf("%q is not a valid path; start it with a slash, and use letters, digits, dots, dashes and single slashes", p)
	}
	return nil
}
