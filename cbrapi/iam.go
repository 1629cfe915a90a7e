package cbrapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// maxTokenBytes bounds the answer to a login. Without the catalogue it has some
// KiB; services that ignore nocatalog send a few hundred.
const maxTokenBytes = 1 << 20

// IAM is the service that issues tokens and knows the projects. It is safe for concurrent use.
type IAM struct {
	service *service
}

// NewIAM returns a client for the IAM endpoint in o. The error names what is
// wrong with the endpoint.
func NewIAM(o Options) (*IAM, error) {
	s, err := newService(o)
	if err != nil {
		return nil, fmt.Errorf("IAM endpoint: %w", err)
	}
	return &IAM{service: s}, nil
}

// PasswordLogin is a user of an account and the project that a token is for.
type PasswordLogin struct {
	Username   string
	Password   string
	DomainName string // the account
	ProjectID  string
	// ProjectName is used where there is no ProjectID.
	ProjectName string
}

// Token is a token and how long it is valid.
type Token struct {
	Value string
	// IssuedAt and ExpiresAt are by the clock of IAM; both are zero where IAM
	// did not say.
	IssuedAt, ExpiresAt time.Time
}

// Login issues a token for one project.
//
// See https://support.huaweicloud.com/intl/en-us/api-iam/iam_30_0001.html.
func (i *IAM) Login(ctx context.Context, l PasswordLogin) (Token, error) {
	const operation = "KeystoneCreateUserTokenByPassword"
	body, err := l.body()
	if err != nil {
		return Token{}, fmt.Errorf("%s: %w", operation, err)
	}
	answer, err := i.service.do(ctx, call{
		operation: operation,
		method:    http.MethodPost,
		path:      []string{"v3", "auth", "tokens"},
		query:     url.Values{"nocatalog": {"true"}},
		body:      body,
		maxBytes:  maxTokenBytes,
		secrets:   []string{l.Password},
	})
	if err != nil {
		return Token{}, err
	}
	root, err := answer.object()
	if err != nil {
		return Token{}, err
	}
	value := answer.header.Get("X-Subject-Token")
	if value == "" {
		return Token{}, answer.malformed("the answer has no X-Subject-Token")
	}
	token, _ := root.object("token")
	return Token{Value: value, IssuedAt: token.time("issued_at"), ExpiresAt: token.time("expires_at")}, nil
}

func (l PasswordLogin) body() ([]byte, error) {
	type named struct {
		Name string `json:"name"`
	}
	type user struct {
		Name     string `json:"name"`
		Password string `json:"password"`
		Domain   named  `json:"domain"`
	}
	type password struct {
		User user `json:"user"`
	}
	type identity struct {
		Methods  []string `json:"methods"`
		Password password `json:"password"`
	}
	type project struct {
		ID   string `json:"id,omitempty"`
		Name string `json:"name,omitempty"`
	}
	type scope struct {
		Project project `json:"project"`
	}
	type auth struct {
		Identity identity `json:"identity"`
		Scope    scope    `json:"scope"`
	}
	scoped := project{ID: l.ProjectID}
	if l.ProjectID == "" {
		scoped.Name = l.ProjectName
	}
	return json.Marshal(map[string]auth{"auth": {
		Identity: identity{
			Methods:  []string{"password"},
			Password: password{User: user{Name: l.Username, Password: l.Password, Domain: named{Name: l.DomainName}}},
		},
		Scope: scope{Project: scoped},
	}})
}
