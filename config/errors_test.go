package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/config"
)

// mistakes are files named config.yml, and all that is said about them.
type mistakes map[string]struct{ yaml, want string }

// allMistakes are those of each part of the configuration, which are in the test
// file of that part.
var allMistakes = map[string]mistakes{
	"syntax":       syntaxMistakes,
	"keys":         keyMistakes,
	"values":       valueMistakes,
	"scrape":       scrapeMistakes,
	"projects":     projectMistakes,
	"endpoints":    endpointMistakes,
	"task_ids":     taskIDsMistakes,
	"credentials":  credentialsMistakes,
	"http_client":  httpClientMistakes,
	"discovery":    discoveryMistakes,
	"vaults":       vaultsMistakes,
	"placeholders": placeholderMistakes,
	"order":        orderMistakes,
}

func TestParseErrors(t *testing.T) {
	for part, cases := range allMistakes {
		for name, test := range cases {
			t.Run(part+"/"+name, func(t *testing.T) {
				c, err := config.Parse("config.yml", []byte(test.yaml), none)
				if err == nil {
					t.Fatalf("no error, but\n%s", c)
				}
				if diff := cmp.Diff(test.want, err.Error()); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
				if c != nil {
					t.Error("a configuration besides the error")
				}
			})
		}
	}
}

// Several parts of the file at once.
var orderMistakes = mistakes{
	"everything wrong is said, in the order of the file": {
		yaml: `
projects:
  - name: prod
    credentials: {password: p}
    project_id: 04f1829c788037ac2fb8c01eb2b04b95
    task_ids: [abc]
  - name: test
    regin: cn-north-4
scrape:
  timeout: soon
`,
		want: `config.yml:3: projects[0].region: missing, and so is endpoint; give one of them, for example region: cn-north-4
config.yml:3: projects[0].iam_endpoint: missing; a password login needs it where there is no region
config.yml:4: projects[0].credentials.username: missing; a password login needs username, domain_name and password or password_file
config.yml:4: projects[0].credentials.domain_name: missing; a password login needs username, domain_name and password or password_file
config.yml:6: projects[0].task_ids[0]: "abc" is not a UUID; copy the task's id from the console's task list or the API
config.yml:7: projects[1].project_id: missing, and so are region and project_name, by which it could be looked up; copy it from My Credentials in the console
config.yml:7: projects[1].region: missing, and so is endpoint; give one of them, for example region: cn-north-4
config.yml:7: projects[1].task_ids: no task, and no discovery; add discovery: {} to follow the task list, or list at least one id, from the console's task list or the API
config.yml:8: projects[1].regin: unknown key; did you mean region?
config.yml:10: scrape.timeout: not a duration; write a number and a unit, for example 500ms, 30s, 15m or 1h30m`,
	},
}
