# Writes the tree $1 as an ext4 file system into the file that is standard input: the one way by which a process in a
# user namespace reaches a file in a directory that only the caller may enter.
set -eu
root=$1
rm -rf "$root"/tmp/* "$root"/run/* "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root"/var/cache/debconf/*-old \
  "$root/etc/apt/apt.conf.d/99mmdebstrap" "$root/etc/dpkg/dpkg.cfg.d/99mmdebstrap"
find "$root/var/log" -type f -delete
used=$(du --summarize --one-file-system --block-size=1M "$root" | cut -f 1)
size=3072
# Half as much again, for what the guest writes before it has grown to the size of its disk.
[ $((used * 3 / 2)) -le "$size" ] || size=$((used * 3 / 2))
# The features are spelled out, so that the host's mke2fs.conf has no say and every supported guest can read the result.
set -- mke2fs -q -F -t ext4 -L lima-root -m 1 -b 4096 -I 256 -i 16384 \
  -O none,sparse_super,large_file,filetype,resize_inode,dir_index,ext_attr,has_journal,extent,huge_file,flex_bg,metadata_csum,64bit,dir_nlink,extra_isize \
  -E nodiscard,lazy_itable_init=0,lazy_journal_init=0
# The build has mounted proc, sys and devices inside the tree; a plain bind mount shows the tree without them. Where
# nothing can be mounted, nothing is.
if unshare --mount true 2> /dev/null; then
  unshare --mount sh -c 'mount --bind "$0" "$0/mnt" && exec "$@"' "$root" \
    "$@" -d "$root/mnt" /proc/self/fd/0 "${size}M"
else
  "$@" -d "$root" /proc/self/fd/0 "${size}M"
fi
