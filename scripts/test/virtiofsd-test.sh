#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A second virtiofsd is there whole or not at all; mmdebstrap is a stand-in.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
# shellcheck source=scripts/test/check.sh
. "$here/scripts/test/check.sh"
# shellcheck source=scripts/say.sh
. "$here/scripts/say.sh"
# shellcheck source=scripts/virtiofsd.sh
. "$here/scripts/virtiofsd.sh"

fetch() (
    PATH=$work/bin:$PATH
    fetch_virtiofsd "$work/a folder"
)

program "$work/bin/mmdebstrap" <<END
echo "E: no such mirror"
exit 25
END
run fetch
same "without a mirror" 1 "$status"
same "its words are shown" "  | E: no such mirror" "$output"
same "nothing is there" "" "$(ls "$work/a folder/virtiofsd" 2>/dev/null)"

# An archive with a loader that runs what it is given, as the real one does.
program "$work/bin/mmdebstrap" <<END
for last; do :; done
mkdir -p "$work/made/usr/lib/any" "$work/made/usr/libexec"
printf '#!/bin/sh\nshift 2\nexec "\$@"\n' >"$work/made/usr/lib/any/ld-linux-any.so.1"
printf '#!/bin/sh\necho "virtiofsd: \$*"\n' >"$work/made/usr/libexec/virtiofsd"
chmod +x "$work/made/usr/lib/any/ld-linux-any.so.1" "$work/made/usr/libexec/virtiofsd"
tar -C "$work/made" -cf "\$last" ./usr
END
run fetch
same "with one" 0 "$status"
same "it runs" "virtiofsd: --tag x" "$("$work/a folder/virtiofsd" --tag x)"
rm "$work/bin/mmdebstrap"
program "$work/bin/mmdebstrap" <<END
exit 1
END
run fetch
same "what is there is not fetched again" 0 "$status"
