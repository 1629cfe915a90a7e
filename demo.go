package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/cbr-exporter/cbr_exporter/config"
	"github.com/cbr-exporter/cbr_exporter/exporter"
	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// demoCloud is a simulated cloud that listens on the loopback interface, and its
// configuration.
type demoCloud struct {
	server   *http.Server
	listener net.Listener
	yaml     string
}

func newDemoCloud(now func() time.Time) (*demoCloud, error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("simulated cloud: %w", err)
	}
	account := simulator.DemoAccount()
	cloud := simulator.New(simulator.Options{Now: now, Account: account})
	endpoint := "http://" + listener.Addr().String()
	return &demoCloud{
		listener: listener,
		server:   &http.Server{Handler: cloud, ReadHeaderTimeout: readHeaderTimeout},
		yaml: fmt.Sprintf(`
projects:
  - name: demo
    project_id: %s
    endpoint: %s
    iam_endpoint: %s
    credentials: {username: %q, password: %q, domain_name: %q}
    discovery: {}
    vaults: {tags: [team, env]}
    backups: {}
    protectables: {exclude: ["scratch-*", restore-target, load-test]}
    task_ids: [%s]
`, simulator.DefaultProjectID, endpoint, endpoint,
			account.UserName, account.Password, account.DomainName, simulator.SampleTaskID),
	}, nil
}

func (d *demoCloud) config() (*config.Config, error) {
	return config.Parse("demo", ".", []byte(d.yaml), os.Environ())
}

func (d *demoCloud) serve() error {
	if err := d.server.Serve(d.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("simulated cloud: %w", err)
	}
	return nil
}

func (d *demoCloud) close(error) { _ = d.server.Close() }

// demoPage returns the URL of the page; "" if the flags do not tell it.
func demoPage(f *flags) string {
	if f.externalURL != nil {
		return f.externalURL.String() + "/"
	}
	host, port, err := net.SplitHostPort((*f.web.WebListenAddresses)[0])
	if err != nil || *f.web.WebConfigFile != "" { // which may enable TLS
		return ""
	}
	return "http://" + net.JoinHostPort(cmp.Or(host, "localhost"), port) + f.routePrefix + "/"
}

// refresher returns an actor of a run group that logs where the page is once the exporter
// listens, and then reads all projects at an interval. Without it the page would stand still,
// as nothing scrapes the demo.
func refresher(f *flags, e *exporter.Exporter, listening <-chan struct{}, logger log.Logger) (execute func() error, interrupt func(error)) {
	const interval = 15 * time.Second
	ctx, cancel := context.WithCancel(context.Background())
	execute = func() error {
		select {
		case <-listening:
		case <-ctx.Done():
			return nil
		}
		logged := level.Info(logger)
		if page := demoPage(f); page != "" {
			logged = log.With(logged, "page", page)
		}
		_ = logged.Log("msg", "watching a simulated cloud; open the page in a browser")
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			e.Refresh(ctx)
			select {
			case <-tick.C:
			case <-ctx.Done():
				return nil
			}
		}
	}
	return execute, func(error) { cancel() }
}
