#!/bin/sh
# Mounts the configuration volume and hands over to it. The options make its private files readable by root alone.
set -eu
LIMA_CIDATA_MNT=/mnt/lima-cidata
export LIMA_CIDATA_MNT
(umask 077 && mkdir -p "$LIMA_CIDATA_MNT")
if ! mountpoint -q "$LIMA_CIDATA_MNT"; then
	mount -t iso9660 -o ro,mode=0700,dmode=0700,overriderockperm,exec,uid=0 \
		/dev/disk/by-label/cidata "$LIMA_CIDATA_MNT"
fi
exec "$LIMA_CIDATA_MNT/boot.sh"
