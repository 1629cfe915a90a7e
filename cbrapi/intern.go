package cbrapi

import "strings"

// interned keeps one copy of each text that many tasks of a list have in common,
// so that who keeps some of the tasks keeps little else.
type interned map[string]string

func (i interned) text(s string) string {
	if s == "" {
		return ""
	}
	kept, ok := i[s]
	if !ok {
		kept = strings.Clone(s) // s may be a part of a longer text
		i[kept] = kept
	}
	return kept
}

func (i interned) texts(texts ...*string) {
	for _, s := range texts {
		*s = i.text(*s)
	}
}

// task replaces what l is likely to share with other tasks. The rest, such as
// the ids of backups, is its own.
func (i interned) task(l *OperationLog) {
	l.Status = Status(i.text(string(l.Status)))
	l.OperationType = OperationType(i.text(string(l.OperationType)))
	i.texts(&l.ProjectID, &l.PolicyID, &l.ProviderID, &l.VaultID, &l.VaultName)
	i.texts(&l.ErrorInfo.Code, &l.ErrorInfo.Message)
	if l.ExtraInfo.Resource != nil {
		i.resource(l.ExtraInfo.Resource)
	}
	if b := l.ExtraInfo.Backup; b != nil {
		i.texts(&b.AppConsistencyStatus, &b.AppConsistencyErrorCode, &b.AppConsistencyErrorMessage)
	}
	if r := l.ExtraInfo.Restore; r != nil {
		i.texts(&r.TargetResourceID, &r.TargetResourceName)
	}
	if r := l.ExtraInfo.Replication; r != nil {
		i.texts(&r.SourceRegion, &r.SourceProjectID, &r.DestinationRegion, &r.DestinationProjectID)
	}
	if r := l.ExtraInfo.RemoveResources; r != nil {
		for n := range r.Resources {
			i.resource(&r.Resources[n])
		}
	}
}

// vault replaces what v is likely to share with other vaults. The ids and names of
// its resources are its own.
func (i interned) vault(v *Vault) {
	i.texts(&v.EnterpriseProjectID)
	b := &v.Billing
	b.Status = VaultStatus(i.text(string(b.Status)))
	i.texts(&b.ChargingMode, &b.ProtectType, &b.ObjectType, &b.ConsistentLevel)
	for n := range v.Resources {
		r := &v.Resources[n]
		r.Type, r.ProtectStatus = i.text(r.Type), ProtectStatus(i.text(string(r.ProtectStatus)))
	}
}

func (i interned) resource(r *Resource) {
	i.texts(&r.ID, &r.Type, &r.Name)
	for n := range r.ExcludeVolumes {
		i.texts(&r.ExcludeVolumes[n])
	}
	for n := range r.IncludeVolumes {
		i.texts(&r.IncludeVolumes[n].ID, &r.IncludeVolumes[n].OSVersion)
	}
}
