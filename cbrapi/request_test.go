package cbrapi_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

func TestRequest(t *testing.T) {
	const path = "/v3/" + projectID + "/operation-logs/" + taskID
	for name, behind := range map[string]string{
		"endpoint":                  "",
		"endpoint with a slash":     "/",
		"endpoint with two slashes": "//",
	} {
		t.Run(name, func(t *testing.T) {
			type sent struct {
				Method, Path, Query, Body string
				Header                    http.Header
			}
			var got []sent
			o := serve(t, func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				got = append(got, sent{r.Method, r.URL.Path, r.URL.RawQuery, string(body), r.Header})
				reply(http.StatusNotFound, "application/json", `{"error_code":"BackupService.6500"}`)(w, r)
			})
			o.Endpoint += behind
			if _, err := newClient(t, o).OperationLog(t.Context(), taskID); !cbrapi.IsNotFound(err) {
				t.Fatal(err)
			}
			want := []sent{{Method: http.MethodGet, Path: path, Header: http.Header{
				"Accept":          {"application/json"},
				"Accept-Encoding": {"gzip"}, // of net/http, which unpacks it as well
				"User-Agent":      {userAgent},
			}}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the requests differ (-want +got):\n%s", diff)
			}
		})
	}
}

// Without a path in the endpoint there is no server to ask: the paths of
// httptest servers are of the tests' choosing.
func TestRequestURL(t *testing.T) {
	for endpoint, want := range map[string]string{
		"https://cbr.cn-north-4.myhuaweicloud.com":       "https://cbr.cn-north-4.myhuaweicloud.com/v3/",
		"https://cbr.eu-de.otc.t-systems.com/":           "https://cbr.eu-de.otc.t-systems.com/v3/",
		"HTTPS://cbr.example.com:8443":                   "https://cbr.example.com:8443/v3/",
		"http://[::1]:8080/cbr":                          "http://[::1]:8080/cbr/v3/",
		"https://gateway.example.com/a%2Fb/cbr":          "https://gateway.example.com/a%2Fb/cbr/v3/",
		"https://gateway.example.com/tenants/../cbr/./x": "https://gateway.example.com/cbr/x/v3/",
	} {
		t.Run(endpoint, func(t *testing.T) {
			got := ""
			client := newClient(t, cbrapi.Options{Endpoint: endpoint, Transport: roundTripper(
				func(req *http.Request) (*http.Response, error) {
					got = req.URL.String()
					return nil, io.EOF
				})})
			_, _ = client.OperationLog(t.Context(), taskID)
			if want += projectID + "/operation-logs/" + taskID; got != want {
				t.Errorf("asked %s, want %s", got, want)
			}
		})
	}
}

func TestBadEndpoints(t *testing.T) {
	const (
		noURL = "endpoint: is not a URL"
		noUse = "endpoint: is not an http or https URL without user name"
	)
	for name, test := range map[string]struct{ endpoint, want string }{
		"nothing":              {"", noUse},
		"no scheme":            {"cbr.example.com", noUse},
		"a path":               {"/v3", noUse},
		"another scheme":       {"ftp://cbr.example.com", noUse},
		"no host":              {"https:///v3", noUse},
		"no slashes":           {"https:cbr.example.com", noUse},
		"a user":               {"https://user@cbr.example.com", noUse},
		"a password":           {"https://user:hunter2@cbr.example.com", noUse},
		"a password, broken":   {"https://user:hunter2@cbr.example.com:port", noURL},
		"a password, no ASCII": {"https://user:hunter2%zz@cbr.example.com", noURL},
		"a line break":         {"https://cbr.example.com\n", noURL},
	} {
		t.Run(name, func(t *testing.T) {
			o := cbrapi.Options{Endpoint: test.endpoint}
			if client, err := cbrapi.New(o, projectID); client != nil || err == nil || err.Error() != "CBR "+test.want {
				t.Errorf("New() = %v, %v, want the error CBR %s", client, err, test.want)
			}
			if iam, err := cbrapi.NewIAM(o); iam != nil || err == nil || err.Error() != "IAM "+test.want {
				t.Errorf("NewIAM() = %v, %v, want the error IAM %s", iam, err, test.want)
			}
		})
	}
}

func TestOnlyUUIDsAreAskedFor(t *testing.T) {
	client := newClient(t, cbrapi.Options{Endpoint: "https://cbr.example.com", Transport: roundTripper(
		func(req *http.Request) (*http.Response, error) {
			t.Errorf("asked %s", req.URL)
			return nil, io.EOF
		})})
	for name, id := range map[string]string{
		"nothing":             "",
		"a path":              "../../../v3/" + projectID + "/vaults",
		"a path of 36 bytes":  "../../v3/vaults/aaaaaaaaaaaaaaaaaaaa",
		"no hyphens":          strings.ReplaceAll(taskID, "-", ""),
		"braces":              "{" + taskID + "}",
		"URN":                 "urn:uuid:" + taskID,
		"one digit less":      taskID[1:],
		"one digit more":      taskID + "0",
		"a slash for a digit": "/" + taskID[1:],
		"no digit":            "g" + taskID[1:],
		"a misplaced hyphen":  "1000000-00000-4000-8000-000000000001",
		"a digit for one":     strings.Replace(taskID, "-", "0", 1),
		"white space":         taskID[1:] + "\n",
		"full-width digits":   strings.Repeat("1", 12),
	} {
		t.Run(name, func(t *testing.T) {
			log, err := client.OperationLog(t.Context(), id)
			if want := fmt.Sprintf("ShowOpLog: %q is not a UUID", id); log != nil || err == nil || err.Error() != want {
				t.Errorf("OperationLog(%q) = %v, %v, want the error %s", id, log, err, want)
			}
		})
	}
}

func TestOperation(t *testing.T) {
	if got := cbrapi.Operation(t.Context()); got != "" {
		t.Errorf("Operation() of another request is %q", got)
	}
	var got []string
	transport := roundTripper(func(req *http.Request) (*http.Response, error) {
		got = append(got, cbrapi.Operation(req.Context()))
		return nil, io.EOF
	})
	o := cbrapi.Options{Endpoint: "https://api.example.com", Transport: transport}
	_, _ = newClient(t, o).OperationLog(t.Context(), taskID)
	_, _ = newClient(t, o).List(cbrapi.ListFilter{}).Next(t.Context())
	_, _ = newIAM(t, o).Login(t.Context(), someUser())
	if diff := cmp.Diff([]string{"ShowOpLog", "ListOpLogs", "KeystoneCreateUserTokenByPassword"}, got); diff != "" {
		t.Errorf("the operations differ (-want +got):\n%s", diff)
	}
}

// Run with -race.
func TestConcurrentUse(t *testing.T) {
	client := newClient(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		id := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
		_, _ = fmt.Fprintf(w, `{"operation_log": {"id": %q, "status": "running", "created_at": 7}}`, id)
	}))
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for n := range 10 {
				id := fmt.Sprintf("10000000-0000-4000-8000-%012d", 100*worker+n)
				got, err := client.OperationLog(t.Context(), id)
				if err != nil {
					t.Error(err)
					return
				}
				want := &cbrapi.OperationLog{
					ID: id, Status: cbrapi.StatusRunning,
					Invalid: []cbrapi.InvalidField{{Field: "created_at", Value: "7"}},
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("the task differs (-want +got):\n%s", diff)
				}
			}
		})
	}
	wg.Wait()
}
