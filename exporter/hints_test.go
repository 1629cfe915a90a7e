package exporter_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/config"
	"github.com/cbr-exporter/cbr_exporter/exporter"
	"github.com/cbr-exporter/cbr_exporter/problem"
)

// TestHints checks that hints name the settings by which a project is configured.
func TestHints(t *testing.T) {
	t.Parallel()
	const (
		byID    = "region: cn-north-4, project_id: 04f1829c788037ac2fb8c01eb2b04b95"
		private = "endpoint: https://cbr.example.com, iam_endpoint: https://iam.example.com, project_name: team"
		region  = "region (cn-north-4)"
		agency  = "check that an agency with the policy CBR ReadOnlyAccess is bound to this server, or configure other credentials"
	)
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(`{"access": "a", "secret": "s"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("t\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	settings := func(endpoint, iamEndpoint, project, credentials string) problem.Hints {
		return problem.Hints{Endpoint: endpoint, IAMEndpoint: iamEndpoint, Project: project, Credentials: credentials}
	}
	for name, test := range map[string]struct {
		project, credentials string
		environment          config.Environment
		want                 problem.Hints
	}{
		"access key": {
			byID, "access_key: A, secret_key_file: TOKEN", nil,
			settings(region, region, "project_id", "check the access key in credentials.access_key and secret_key_file TOKEN, and that its user is enabled"),
		},
		"access key of the environment": {
			"region: cn-north-4", "",
			config.Environment{"HUAWEICLOUD_SDK_AK=a", "HUAWEICLOUD_SDK_SK=s"},
			settings(region, region, region, "check the access key in HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, and that its user is enabled"),
		},
		"key file": {private, "credentials_file: FILE", nil, settings("endpoint", "iam_endpoint", "project_name", "check credentials_file FILE")},
		"token":    {private, "token_file: TOKEN", nil, settings("endpoint", "iam_endpoint", "project_name", "renew token_file TOKEN: a token is for one project and lives for 24 hours")},
		"login": {
			private, "username: u, domain_name: d, password: p", nil,
			settings("endpoint", "iam_endpoint", "project_name", "check the login in credentials.username, credentials.domain_name and credentials.password, iam_endpoint and project_name"),
		},
		"login of the environment": {
			byID, "",
			config.Environment{"OS_USERNAME=u", "OS_PASSWORD=p", "OS_USER_DOMAIN_NAME=d"},
			settings(region, region, "project_id", "check the login in OS_USERNAME, OS_PASSWORD and OS_USER_DOMAIN_NAME, "+region+" and project_id"),
		},
		"agency":            {private, "ecs_agency: {}", nil, settings("endpoint", "iam_endpoint", "project_name", agency)},
		"agency by default": {byID, "", nil, settings(region, region, "project_id", agency)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := strings.NewReplacer("FILE", file, "TOKEN", token)
			yaml := "projects: [{" + test.project + ", discovery: {}, credentials: {" + test.credentials + "}}]"
			c, err := config.Parse("config.yml", ".", []byte(files.Replace(yaml)), test.environment)
			if err != nil {
				t.Fatal(err)
			}
			test.want.Credentials = files.Replace(test.want.Credentials)
			if d := cmp.Diff(test.want, exporter.Hints(c.Projects[0])); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}
