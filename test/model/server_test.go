package model_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// server is a resource that exists in the cloud, in a vault or not: a server, a disk or a
// file system.
type server struct {
	id, kind string // of the API's list
	status   string
	code     string // why it cannot be protected; "" if it can
}

// typeOf returns the type of the resources in a list.
func typeOf(kind string) string {
	return map[string]string{"server": "OS::Nova::Server", "disk": "OS::Cinder::Volume", "turbo": "OS::Sfs::Turbo"}[kind]
}

// listed reports whether the exporter shows the resource: those that are deleted and the
// disks of servers are left out.
func (v server) listed() bool {
	return !strings.EqualFold(v.status, "deleted") && (v.kind != "disk" || v.status == "available")
}

// addServers adds the resources that can be bound, some more servers, which can be bound
// later, disks and file systems.
func (w *world) addServers(s *state) {
	for _, id := range w.bindable {
		s.servers = append(s.servers, server{id: id, kind: "server", status: "ACTIVE"})
	}
	for _, kind := range []string{"server", "server", "server", "disk", "disk", "disk", "turbo"} {
		w.addServer(s, kind)
	}
}

func (w *world) addServer(s *state, kind string) {
	r := w.random
	v := server{id: fmt.Sprintf("%08x-8888-4000-8000-%012x", r.Uint32(), len(w.names)), kind: kind, status: "ACTIVE"}
	w.names[v.id] = []naming{{name: "first " + v.id[:4]}}
	switch kind {
	case "disk":
		v.status = pick(r, "available", "in-use")
	case "server":
		w.bindable = append(w.bindable, v.id)
	}
	s.servers = append(s.servers, v)
}

// changeServer has a resource appear, vanish or change.
func (w *world) changeServer(s *state) {
	r := w.random
	i := r.IntN(len(s.servers))
	v := &s.servers[i]
	switch n := r.IntN(6); {
	case n < 2:
		w.addServer(s, pick(r, "server", "server", "disk", "turbo"))
	case n < 4:
		if b := s.binding(v.id); b != nil {
			b.gone = true
		}
		s.servers = slices.Delete(s.servers, i, i+1)
	case v.kind == "disk":
		v.status = pick(r, "available", "in-use")
	case n == 4:
		v.status = pick(r, "ACTIVE", "SHUTOFF", "DELETED")
	default:
		v.code = pick(r, "", "BackupService.6007")
	}
}

// someExcluded returns ids and patterns of names.
func (w *world) someExcluded() []string {
	r := w.random
	id := pick(r, pick(r, w.state().servers...).id, w.bindable[len(w.bindable)-1])
	return pick(r, nil, []string{strings.ToUpper(id)}, []string{id, "first " + pick(r, "a", "b", "c", "d", "1", "2") + "*"}, []string{"renamed *"})
}

// excludes reports whether a resource with this name is meant to have no backup.
func (c settings) excludes(id, name string) bool {
	return slices.ContainsFunc(c.exclude, func(entry string) bool {
		start, open := strings.CutSuffix(entry, "*")
		return strings.EqualFold(entry, id) || open && strings.HasPrefix(name, start)
	})
}

// instances returns what the cloud lists.
func (w *world) instances() (list []simulator.Protectable) {
	s := w.state()
	for _, v := range s.servers {
		if b := s.binding(v.id); b == nil || !b.gone {
			list = append(list, simulator.Protectable{ID: v.id, Name: w.latestName(v.id), Type: typeOf(v.kind), Kind: v.kind, Size: 40, Status: v.status, Code: v.code})
		}
	}
	return list
}

// namesBetween returns the names of a vault or a resource at all moments between two.
func (w *world) namesBetween(id string, from, to time.Time) (all []string) {
	names := w.names[id]
	for n, one := range names {
		if !one.at.After(to) && (n+1 == len(names) || !names[n+1].at.Before(from)) {
			all = append(all, one.name)
		}
	}
	return all
}
