// Package cbrapi is a client for the API of Huawei Cloud CBR (Cloud Backup and
// Recovery), version 3, and for the part of IAM that issues tokens and lists projects.
//
// The package builds requests, bounds and reads the responses, and classifies errors.
// It adds no credentials: the http.RoundTripper in Options does. Package credentials has
// such transports.
//
// The API calls a backup, a replication, a restore, a synchronisation or a deletion an
// operation log. The console and the exporter's metrics call it a task.
//
// A field of an unexpected type costs only that field, which is listed in the Invalid of
// its task, vault, policy, backup or protectable resource.
//
// See https://support.huaweicloud.com/intl/en-us/api-cbr/.
package cbrapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	maxTaskBytes  = 1 << 20 // the vendor's sample has 1 KiB
	lookupTimeout = 30 * time.Second
)

var uuid = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

// Options configure a client of an API.
type Options struct {
	// Endpoint is the absolute URL of the API, for example
	// https://cbr.cn-north-4.myhuaweicloud.com. It may have a path.
	Endpoint string
	// Transport carries the requests and adds the credentials to them.
	Transport http.RoundTripper
	// UserAgent is sent with every request.
	UserAgent string
	// Limiter limits the rate and the retries of the requests. Nil: every request is
	// sent once, without waiting.
	Limiter *Limiter

	// ProjectLookup finds the project id for a Client that is created without one.
	ProjectLookup *ProjectLookup
	// EnterpriseProjectID narrows the lists of a Client to one enterprise project, or
	// to all that the caller may see with all_granted_eps. With "" the parameter is not
	// sent: some clouds do not know it.
	EnterpriseProjectID string
}

// ProjectLookup finds the id of a project by its name.
type ProjectLookup struct {
	IAM  *IAM
	Name string
	// VisibleOnly calls IAM.VisibleProjectID instead of IAM.ProjectID, for callers
	// with a token.
	VisibleOnly bool
}

// Client reads the CBR API of one project. It is safe for concurrent use.
type Client struct {
	service             *service
	enterpriseProjectID string
	counts              counts
	statuses            vocabulary[Status]
	operations          vocabulary[OperationType]
}

// New returns a client for the CBR endpoint in o and the project with the id
// projectID. If that is "", the first request looks the id up with o.ProjectLookup.
func New(o Options, projectID string) (*Client, error) {
	s, err := newService(o)
	if err != nil {
		return nil, fmt.Errorf("CBR endpoint: %w", err)
	}
	s.project = &project{lookup: o.ProjectLookup}
	switch {
	case projectID != "":
		s.project.id.Store(projectID)
	case o.ProjectLookup == nil:
		return nil, errors.New("neither a project id nor a lookup of it")
	}
	return &Client{service: s, enterpriseProjectID: o.EnterpriseProjectID}, nil
}

// ProjectID returns the id of the project; "" until a request has looked it up.
func (c *Client) ProjectID() string { return c.service.project.known() }

// project is the project of a Client, whose id may not be known yet.
type project struct {
	lookup *ProjectLookup
	id     atomic.Value // a string; nil: not known
	flight singleflight.Group
}

func (p *project) known() string {
	id, _ := p.id.Load().(string)
	return id
}

// resolve returns the id of the project, and looks it up unless it is known.
// Concurrent requests share one lookup. A failure is not remembered.
func (p *project) resolve(ctx context.Context) (string, error) {
	if id := p.known(); id != "" {
		return id, nil
	}
	result := p.flight.DoChan("", func() (any, error) {
		if p.known() != "" { // another request has just found it
			return nil, nil
		}
		// The lookup serves all requests that wait, so it must not end with the first one.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookupTimeout)
		defer cancel()
		find := p.lookup.IAM.ProjectID
		if p.lookup.VisibleOnly {
			find = p.lookup.IAM.VisibleProjectID
		}
		id, err := find(ctx, p.lookup.Name)
		if err == nil {
			p.id.Store(id)
		}
		return nil, err
	})
	var err error
	select {
	case r := <-result:
		err = r.Err
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if err != nil {
		return "", fmt.Errorf("%w at %s: %w", ErrProjectID, p.lookup.IAM.service.endpoint.Host, err)
	}
	return p.known(), nil
}

// OperationLog returns the task with the given id, which must be a UUID.
//
// IsNotFound reports whether the error says that there is no such task; ReasonOf
// classifies all others. A response of another shape or about another task is an error,
// whatever its HTTP status.
//
// See https://support.huaweicloud.com/intl/en-us/api-cbr/ShowOpLog.html.
func (c *Client) OperationLog(ctx context.Context, id string) (*OperationLog, error) {
	const operation = "ShowOpLog"
	if !uuid.MatchString(id) { // it becomes a part of the path
		return nil, fmt.Errorf("%s: %q is not a UUID", operation, id)
	}
	response, err := c.service.do(ctx, request{
		operation: operation,
		method:    http.MethodGet,
		path:      []string{"operation-logs", id},
		maxBytes:  maxTaskBytes,
	})
	if err != nil {
		return nil, err
	}
	root, err := response.object()
	if err != nil {
		return nil, err
	}
	fields := newObject(root.value("operation_log"))
	if !fields.exists() {
		return nil, response.malformed("the response has no operation_log")
	}
	task := c.readOperationLog(fields)
	if !strings.EqualFold(task.ID, id) {
		return nil, response.malformed(fmt.Sprintf("the response is about another task, %q", task.ID))
	}
	return task, nil
}
