#!/bin/sh
# After the files are there. Nothing is enabled or started: the service needs a
# configuration first. A service that runs gets the new binary.
set -e

if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
	systemctl try-restart cbr_exporter.service || :
fi
