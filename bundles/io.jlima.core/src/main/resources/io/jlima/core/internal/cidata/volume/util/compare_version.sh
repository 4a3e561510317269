#!/bin/sh
# Compares two versions: compare_version.sh A OPERATOR B, the operator being -eq, -ne, -lt, -le, -gt or -ge.
set -eu
if [ $# -ne 3 ]; then
	echo "usage: compare_version.sh A -eq|-ne|-lt|-le|-gt|-ge B" >&2
	exit 2
fi
if [ "$1" = "$3" ]; then
	order=0
elif [ "$(printf '%s\n%s\n' "$1" "$3" | sort -V | head -n 1)" = "$1" ]; then
	order=-1
else
	order=1
fi
case $2 in
-eq | -ne | -lt | -le | -gt | -ge) test "$order" "$2" 0 ;;
*)
	echo "compare_version.sh: no such operator: $2" >&2
	exit 2
	;;
esac
