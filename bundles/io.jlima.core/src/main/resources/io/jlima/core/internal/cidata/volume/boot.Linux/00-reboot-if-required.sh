#!/bin/sh
# After an upgrade with dnf, asks for a restart when the running kernel or libraries are old. Others ask themselves.
set -eu
[ "$LIMA_CIDATA_UPGRADE_PACKAGES" = 1 ] || exit 0
command -v dnf >/dev/null || exit 0
dnf needs-restarting --help >/dev/null 2>&1 || exit 0
dnf needs-restarting -r >/dev/null || : >"$LIMA_REBOOT_REQUIRED"
