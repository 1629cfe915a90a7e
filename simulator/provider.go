package simulator

// Resource types of table 12 of
// https://support.huaweicloud.com/api-cbr/ShowOpLog.html.
const (
	kindServer    = "OS::Nova::Server"
	kindDisk      = "OS::Cinder::Volume"
	kindBareMetal = "OS::Ironic::BareMetalServer"
	kindNative    = "OS::Native::Server"
	kindSFSTurbo  = "OS::Sfs::Turbo"
	kindWorkspace = "OS::Workspace::DesktopV2"
)

// Object and protect types of vaults, from table 6 of
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

// Formats of times, always in UTC.
const (
	layoutMillis   = "2006-01-02T15:04:05.000-07:00"
	layoutMicros   = "2006-01-02T15:04:05.000000-07:00"
	layoutZoneless = "2006-01-02T15:04:05.000000"
	layoutSpace    = "2006-01-02 15:04:05"
)

// A provider is the service behind a type of resource. Ids are from the official
// SDK's description of provider_id (model BackupResp). All formats of times occur in
// the vendor's documentation or in recorded responses, where they differ within a row;
// which provider has which is our choice.
type provider struct {
	id        string
	layout    string // of started_at and ended_at
	rowLayout string // of created_at and updated_at
	nulls     bool   // unknown times are null, not absent
}

func serverProvider() provider {
	return provider{id: "0daac4c5-6707-4851-97ba-169e36266b66", layout: layoutMillis, rowLayout: layoutMillis}
}

func diskProvider() provider {
	return provider{id: "d1603440-187d-4516-af25-121250c7cc97", layout: layoutMillis, rowLayout: layoutMillis}
}

func turboProvider() provider {
	return provider{id: "3f3c3220-245c-4805-b811-758870015881", layout: layoutZoneless, rowLayout: layoutMicros, nulls: true}
}

func hybridProvider() provider {
	return provider{id: "a13639de-00be-4e94-af30-26912d75e4a2", layout: layoutZoneless, rowLayout: layoutZoneless}
}

func workspaceProvider() provider {
	return provider{id: "86a80900-71bf-4961-956a-d52df944f84a", layout: layoutMillis, rowLayout: layoutZoneless, nulls: true}
}

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

func providerOfVault(objectType string) provider {
	switch objectType {
	case objectDisk:
		return diskProvider()
	case objectTurbo:
		return turboProvider()
	case objectWorkspace:
		return workspaceProvider()
	case objectVMware:
		return hybridProvider()
	}
	return serverProvider()
}
