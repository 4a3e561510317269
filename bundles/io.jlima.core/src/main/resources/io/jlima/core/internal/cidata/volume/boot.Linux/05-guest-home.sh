#!/bin/sh
# Homes end in .guest or .linux, by the version that made the instance; a link makes the other name work as well.
set -eu
root=${LIMA_ROOT:-}
case $LIMA_CIDATA_HOME in
*.guest) other=${LIMA_CIDATA_HOME%.guest}.linux ;;
*.linux) other=${LIMA_CIDATA_HOME%.linux}.guest ;;
*) exit 0 ;;
esac
if [ -d "$root$LIMA_CIDATA_HOME" ] && [ ! -e "$root$other" ] && [ ! -L "$root$other" ]; then
	ln -s "${LIMA_CIDATA_HOME##*/}" "$root$other"
fi
