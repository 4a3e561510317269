#!/bin/sh
# systemd lets users read their own journal, but not those whose ids it takes for the system's; hosts like macOS give
# such ids to people.
set -eu
[ -d /run/systemd/system ] || exit 0
[ "$LIMA_CIDATA_UID" -lt 1000 ] || exit 0
case " $(id -Gn "$LIMA_CIDATA_USER") " in
*" systemd-journal "*) ;;
*) usermod -a -G systemd-journal "$LIMA_CIDATA_USER" ;;
esac
