package cbrapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	maxTokenBytes    = 1 << 20 // a few hundred KiB if the service ignores nocatalog
	maxProjectsBytes = 1 << 20 // a project takes about 300 bytes
)

// OperationListAuthProjects lists the projects that the caller may access.
const OperationListAuthProjects = "KeystoneListAuthProjects"

// IAM is a client for the service that issues tokens and lists projects. It is safe for
// concurrent use.
type IAM struct {
	service *service
}

// NewIAM returns a client for the IAM endpoint in o.
func NewIAM(o Options) (*IAM, error) {
	s, err := newService(o)
	if err != nil {
		return nil, fmt.Errorf("IAM endpoint: %w", err)
	}
	return &IAM{service: s}, nil
}

// PasswordLogin is a user of an account and the project that a token is for.
type PasswordLogin struct {
	Username    string
	Password    string
	DomainName  string // the account
	ProjectID   string
	ProjectName string // used if ProjectID is empty
}

// Token is a token and its validity.
type Token struct {
	Value string
	// IssuedAt and ExpiresAt are by the clock of IAM. They are zero if not sent.
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
	response, err := i.service.do(ctx, request{
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
	root, err := response.object()
	if err != nil {
		return Token{}, err
	}
	value := response.header.Get("X-Subject-Token")
	if value == "" {
		return Token{}, response.malformed("the response has no X-Subject-Token")
	}
	token := root.object("token")
	return Token{Value: value, IssuedAt: token.time("issued_at"), ExpiresAt: token.time("expires_at")}, nil
}

func (l PasswordLogin) body() ([]byte, error) {
	type object map[string]any
	project := object{"id": l.ProjectID}
	if l.ProjectID == "" {
		project = object{"name": l.ProjectName}
	}
	user := object{"name": l.Username, "password": l.Password, "domain": object{"name": l.DomainName}}
	return json.Marshal(object{"auth": object{
		"identity": object{"methods": []string{"password"}, "password": object{"user": user}},
		"scope":    object{"project": project},
	}})
}

// Project is the part of an account that belongs to a region, or a sub-project of it.
type Project struct {
	ID   string
	Name string // the region, such as cn-north-4, or a name with it, such as cn-north-4_team
}

// ProjectError is the error for a name that no project has, or more than one.
type ProjectError struct {
	Name  string
	Found []Project // all visible projects, or those with the name
}

func (e *ProjectError) Error() string {
	problem := "no project"
	if slices.ContainsFunc(e.Found, func(p Project) bool { return p.Name == e.Name }) {
		problem = "more than one project"
	}
	var found []string
	for _, p := range e.Found[:min(len(e.Found), 10)] {
		found = append(found, fmt.Sprintf("%q with the id %s", oneLine(p.Name, maxToken), p.ID))
	}
	if more := len(e.Found) - len(found); more > 0 {
		found = append(found, fmt.Sprintf("%d more", more))
	}
	if found == nil {
		found = []string{"none"}
	}
	return fmt.Sprintf("%s has the name %q; found: %s", problem, e.Name, strings.Join(found, ", "))
}

// ProjectID returns the id of the project with the given name. It lists the projects of
// the account first, which needs a permission, and then those that the user may access,
// like VisibleProjectID.
//
// See https://support.huaweicloud.com/intl/en-us/api-iam/iam_06_0001.html.
func (i *IAM) ProjectID(ctx context.Context, name string) (string, error) {
	all, err := i.projects(ctx, "KeystoneListProjects", []string{"v3", "projects"}, url.Values{"name": {name}})
	var refusal *Error
	forbidden := errors.As(err, &refusal) && refusal.StatusCode == http.StatusForbidden && !refusal.RefusesCredentials()
	if err != nil && !forbidden {
		return "", err
	}
	if len(named(all, name)) > 0 {
		return only(all, name)
	}
	id, visibleErr := i.VisibleProjectID(ctx, name)
	var notFound *ProjectError
	if forbidden && visibleErr != nil && !errors.As(visibleErr, &notFound) {
		// The missing permission comes first: an operator can grant it.
		return "", fmt.Errorf("%w; %w", err, visibleErr)
	}
	return id, visibleErr
}

// VisibleProjectID returns the id of the project with the given name, of those that the
// user may access. It needs no permission. The API does not document whether a signed
// request is allowed.
//
// See https://support.huaweicloud.com/intl/en-us/api-iam/iam_06_0003.html.
func (i *IAM) VisibleProjectID(ctx context.Context, name string) (string, error) {
	visible, err := i.projects(ctx, OperationListAuthProjects, []string{"v3", "auth", "projects"}, nil)
	if err != nil {
		return "", err
	}
	return only(visible, name)
}

func (i *IAM) projects(ctx context.Context, operation string, path []string, query url.Values) ([]Project, error) {
	response, err := i.service.do(ctx, request{
		operation: operation,
		method:    http.MethodGet,
		path:      path,
		query:     query,
		maxBytes:  maxProjectsBytes,
	})
	if err != nil {
		return nil, err
	}
	root, _, err := response.list("projects")
	if err != nil {
		return nil, err
	}
	var projects []Project
	for o := range root.objects("projects") {
		p := Project{ID: o.text("id"), Name: o.text("name")}
		// The id becomes a part of URLs.
		if !projectID.MatchString(p.ID) {
			return nil, response.malformed("the response has a project without a valid id")
		}
		projects = append(projects, p)
	}
	return projects, nil
}

// only returns the id of the single project with the name.
func only(projects []Project, name string) (string, error) {
	same := named(projects, name)
	switch len(same) {
	case 0:
		return "", &ProjectError{Name: name, Found: projects}
	case 1:
		return same[0].ID, nil
	default:
		return "", &ProjectError{Name: name, Found: same}
	}
}

// named returns the projects with the name: a service may ignore a filter.
func named(projects []Project, name string) []Project {
	return slices.DeleteFunc(slices.Clone(projects), func(p Project) bool { return p.Name != name })
}

// projectID matches 32 hexadecimal digits, as on Huawei Cloud, and what private clouds
// may have instead.
var projectID = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)
