// Package faults runs the built exporter in front of a faulty cloud, once for each
// kind of fault, and writes what happened into docs/reliability.md. It needs Linux.
//
//	go test ./test/faults                                           the quick ones, in less than a minute
//	make faults                                                     all of them, and the table
//	make soak                                                       many scrapes under random faults
package faults
