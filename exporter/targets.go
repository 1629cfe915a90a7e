package exporter

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

// targetGroup is an element of Prometheus' HTTP service discovery. See
// https://prometheus.io/docs/prometheus/latest/http_sd/.
type targetGroup struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

// serveTargets tells Prometheus to scrape each project by itself, in the order of
// the configuration. The address is the one under which Prometheus has just
// reached this page, so none has to be configured. What a proxy says in headers is
// no evidence: anybody could say it.
func (e *Exporter) serveTargets(w http.ResponseWriter, r *http.Request) {
	if !isAddress(r.Host) {
		http.Error(w, fmt.Sprintf("The Host header %q is no host and no host:port, so it cannot become the address of a target.", r.Host), http.StatusBadRequest)
		return
	}
	groups := []targetGroup{} // not nil, which JSON knows as null
	for _, p := range e.inForce.Load().all {
		labels := map[string]string{
			"__metrics_path__":          probePath,
			"__param_" + probeParameter: p.name,
			"instance":                  r.Host + "/" + p.name,
		}
		if r.TLS != nil {
			labels["__scheme__"] = "https"
		}
		groups = append(groups, targetGroup{Targets: []string{r.Host}, Labels: labels})
	}
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ") // for people
	_ = encoder.Encode(groups)  // a client that is gone is no error
}

// isAddress reports whether s is a host, or a host, a colon and a port. A host is
// a name, an IPv4 address, or an IPv6 address in brackets.
func isAddress(s string) bool {
	bracketed, isIPv6 := strings.CutPrefix(s, "[")
	if isIPv6 {
		host, port, closed := strings.Cut(bracketed, "]")
		ip, err := netip.ParseAddr(host)
		// The zone of a link-local address means something on one machine only.
		return closed && err == nil && ip.Is6() && ip.Zone() == "" && (port == "" || isPort(port))
	}
	host, port, hasPort := strings.Cut(s, ":")
	return isHostName(host) && (!hasPort || isPort(":"+port))
}

// isPort reports whether s is a colon and the number of a port.
func isPort(s string) bool {
	digits, found := strings.CutPrefix(s, ":")
	_, err := strconv.ParseUint(digits, 10, 16)
	return found && err == nil && digits[0] != '0'
}

// isHostName reports whether s is a name of the DNS or of the kind that container
// networks give, which may have underscores. An IPv4 address looks like one.
func isHostName(s string) bool {
	s = strings.TrimSuffix(s, ".") // the root
	if len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
			return false
		}
	}
	return true
}
