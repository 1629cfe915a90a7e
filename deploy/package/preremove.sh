#!/bin/sh
# Before the files go. Also called for an upgrade, which the service survives.
# Debian: remove, or upgrade and the like. RPM: the number of versions that remain.
set -e

case $1 in
remove | 0) ;;
*) exit 0 ;;
esac

if [ -d /run/systemd/system ]; then
	systemctl disable --now cbr_exporter.socket cbr_exporter.service
fi
