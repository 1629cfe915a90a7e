package simulator

import "time"

// Resource types, from table 12 of
// https://support.huaweicloud.com/api-cbr/ShowOpLog.html.
const (
	kindServer    = "OS::Nova::Server"
	kindDisk      = "OS::Cinder::Volume"
	kindBareMetal = "OS::Ironic::BareMetalServer"
	kindNative    = "OS::Native::Server"
	kindSFSTurbo  = "OS::Sfs::Turbo"
	kindWorkspace = "OS::Workspace::DesktopV2"
)

// What a vault is for, from table 6 of
// https://support.huaweicloud.com/intl/en-us/api-cbr/ListVault.html.
const (
	objectServer    = "server"
	objectDisk      = "disk"
	objectTurbo     = "turbo"
	objectWorkspace = "workspace"
	objectVMware    = "vmware"

	protectBackup      = "backup"
	protectReplication = "replication"
	protectHybrid      = "hybrid"
)

// Ways in which times are written, always in UTC.
const (
	layoutMillis   = "2006-01-02T15:04:05.000-07:00"
	layoutZoneless = "2006-01-02T15:04:05.000000"
	layoutSpace    = "2006-01-02 15:04:05"
)

// A provider is the service behind a kind of resource. The ids are those of the
// official SDK's description of provider_id (model BackupResp). Which provider
// writes times in which way is our choice; that both ways occur is not: the
// vendor's pages and the clients' test data have both.
type provider struct {
	id     string
	layout string // of times
	nulls  bool   // a time that is not known yet is null, not absent
}

func serverProvider() provider {
	return provider{id: "0daac4c5-6707-4851-97ba-169e36266b66", layout: layoutMillis}
}

func diskProvider() provider {
	return provider{id: "d1603440-187d-4516-af25-121250c7cc97", layout: layoutMillis}
}

func turboProvider() provider {
	return provider{id: "3f3c3220-245c-4805-b811-758870015881", layout: layoutZoneless, nulls: true}
}

func hybridProvider() provider {
	return provider{id: "a13639de-00be-4e94-af30-26912d75e4a2", layout: layoutZoneless}
}

func workspaceProvider() provider {
	return provider{id: "86a80900-71bf-4961-956a-d52df944f84a", layout: layoutMillis, nulls: true}
}

// A vault holds the backups of the resources that are bound to it.
type vault struct {
	id     string
	name   string
	tight  bool // is full now and then
	frozen bool // nobody pays for it, so nothing is backed up
}

// A resource is what is backed up.
type resource struct {
	id       string
	name     string
	kind     string
	provider provider
	agent    bool // can be backed up application-consistently

	excludedVolumes []string // volume ids
	includedVolumes []includedVolume
}

// full reports whether a tight vault is full: in one of six stretches of six
// hours, until somebody has made room.
func (f *fleet) full(v *vault, at time.Time) bool {
	if v == nil || !v.tight {
		return false
	}
	return f.fullIn(v, at.Unix()/fullSeconds)
}

// fullSeconds is how long a stretch is.
const fullSeconds = int64(6 * time.Hour / time.Second)

func (f *fleet) fullIn(v *vault, stretch int64) bool {
	return oneIn(f.seed.rand("vault full", v.name, stretch), 6)
}

// providerOf returns the provider of a kind of resource, as the fleet has them.
func providerOf(kind string) provider {
	switch kind {
	case kindDisk:
		return diskProvider()
	case kindSFSTurbo:
		return turboProvider()
	case kindNative:
		return hybridProvider()
	case kindWorkspace:
		return workspaceProvider()
	}
	return serverProvider()
}
