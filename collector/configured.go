package collector

import "github.com/cbr-exporter/cbr_exporter/collection"

// configuredFamilies is what is exposed of one configured id, whether or not
// there is such a task.
func configuredFamilies() []family[collection.Task] {
	return []family[collection.Task]{
		{
			name: "task_found",
			help: "1 if the configured task exists, 0 if the API says that it does not; absent where it could not be asked.",
			read: func(t collection.Task, e *emitter) {
				if t.Known {
					e.emit(number(t.Exists()))
				}
			},
		},
		{
			name: "task_scrape_success",
			help: "1 if this scrape knows the configured task, or knows that it does not exist; 0 if it could not be read.",
			read: func(t collection.Task, e *emitter) { e.emit(number(t.Known)) },
		},
	}
}

// number returns 1 for true and 0 for false.
func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
