package config_test

// What the example has in the place of values.
var placeholderMistakes = mistakes{
	"placeholders of the example": {
		yaml: with("{token: T}", "{access_key: REPLACE-ME, secret_key: 'replace-me'}"),
		want: `config.yml:4: projects[0].credentials.access_key: still a placeholder; write your own value in its place, or remove the line
config.yml:4: projects[0].credentials.secret_key: still a placeholder; write your own value in its place, or remove the line`,
	},
	"placeholders for ids": {
		yaml: with("04f1829c788037ac2fb8c01eb2b04b95", "REPLACE_ME", "4827f2da-b008-4507-ab7d-42d0df5ed912", "..."),
		want: `config.yml:3: projects[0].project_id: still a placeholder; write your own value in its place, or remove the line
config.yml:5: projects[0].task_ids[0]: still a placeholder; write your own value in its place, or remove the line`,
	},
	"placeholder in a file": {
		yaml: with("{token: T}", "{token_file: testdata/secrets/placeholder}"),
		want: `config.yml:4: projects[0].credentials.token_file: there is still a placeholder in the file; write the secret into it`,
	},
	"placeholder in an endpoint": {
		yaml: oneProject + "    endpoint: https://cbr.<region>.myhuaweicloud.com\n",
		want: `config.yml:6: projects[0].endpoint: not a URL of a service; write it like https://cbr.cn-north-4.myhuaweicloud.com`,
	},
}
