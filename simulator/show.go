package simulator

import "net/http"

// showOperationLog is https://support.huaweicloud.com/api-cbr/ShowOpLog.html.
func (s *Simulator) showOperationLog(c *call) {
	id, ok := parseUUID(c.r.PathValue("operation_log_id"))
	if !ok {
		c.cbrError(http.StatusBadRequest, "BackupService.9900", "Parameter verification failed.")
		return
	}
	if id.String() == SampleTaskID {
		c.replyText(http.StatusOK, []byte(sampleJSON))
		return
	}
	task, ok := s.catalog.find(id, c.now)
	if !ok {
		c.cbrError(http.StatusNotFound, "BackupService.6500", "Operation log does not exist.")
		return
	}
	c.reply(http.StatusOK, struct {
		OperationLog operationLog `json:"operation_log"`
	}{s.fleet.record(task, c.now)})
}
