# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# A virtiofsd for the tests beside the one of this machine. Sourced after say.sh.

# fetch_virtiofsd FOLDER: the one in Rust, which Debian has since 13, with the libraries that it wants, as FOLDER/virtiofsd.
fetch_virtiofsd() (
    folder=$1
    [ ! -x "$folder/virtiofsd" ] || exit 0
    rm -rf "$folder"
    mkdir -p "$folder/root"
    # As an archive, since an ordinary user's mmdebstrap makes files that are not his.
    if ! mmdebstrap --quiet --variant=extract --include=virtiofsd trixie "$folder/root.tar" </dev/null >"$folder/log" 2>&1 ||
        ! tar -C "$folder/root" --no-same-owner -xf "$folder/root.tar" ./usr/lib ./usr/libexec >>"$folder/log" 2>&1; then
        show_end "$folder/log"
        exit 1
    fi
    rm "$folder/root.tar"
    set -- "$folder"/root/usr/lib/*/ld-linux-*.so.*
    libraries=${1%/*}
    cat >"$folder/new" <<END
#!/bin/sh
exec '$1' --library-path '$libraries' '$folder/root/usr/libexec/virtiofsd' "\$@"
END
    chmod +x "$folder/new"
    if ! "$folder/new" --version >"$folder/log" 2>&1; then
        show_end "$folder/log"
        exit 1
    fi
    mv "$folder/new" "$folder/virtiofsd"
)
