#!/bin/sh
# cloud-init makes every login look, with two processes, whether its locale is there. Its own mark for "told already"
# keeps a shell that runs one command quick.
set -eu
root=${LIMA_ROOT:-}
mark=$root$LIMA_CIDATA_HOME/.cloud-locale-test.skip
[ -e "$root/etc/profile.d/Z99-cloud-locale-test.sh" ] && [ -d "$root$LIMA_CIDATA_HOME" ] || exit 0
# A link that the user has put there is not followed.
if [ ! -e "$mark" ] && [ ! -L "$mark" ]; then
	(set -C && : >"$mark")
	chown -h "$LIMA_CIDATA_USER:" "$mark"
fi
