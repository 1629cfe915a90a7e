#!/bin/sh
# After the files have gone. RPM has no purge: there the configuration stays.
set -e

if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
fi

if [ "$1" = purge ]; then
	rm -rf /etc/cbr_exporter
fi
