# Turns a fresh Debian tree into a jlima guest. Runs as root of the build's namespace, outside the tree;
# $1 is the tree. The files of the guest are in place already.
set -eu
root=$1

# Every guest gets its own identity, names and keys.
rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/hostname" "$root/etc/resolv.conf" "$root/var/lib/dbus/machine-id"
: > "$root/etc/machine-id"
ln -s ../run/systemd/resolve/stub-resolv.conf "$root/etc/resolv.conf"
chroot "$root" passwd --quiet --lock root

# sshd listens on every address, so it need not wait for the network; systemd takes a listening sshd as proof that its
# configuration is sound. Names are resolved from multi-user on, so that nothing early waits for the resolver.
units=$root/etc/systemd/system
sed -e '/^After=/s/network\.target//' -e '/^ExecStartPre=/d' \
  "$root/lib/systemd/system/ssh.service" > "$units/ssh.service"
if [ -e "$root/lib/systemd/system/systemd-resolved.service" ]; then
  sed -e '/^Before=/s/sysinit\.target//' -e '/^Before=/s/ network\.target//' \
    -e '/^WantedBy=/s/sysinit\.target/multi-user.target/' \
    "$root/lib/systemd/system/systemd-resolved.service" > "$units/systemd-resolved.service"
  chroot "$root" systemctl reenable systemd-resolved.service
fi
chroot "$root" systemctl reenable ssh.service
chroot "$root" systemctl enable systemd-networkd.service \
  jlima-guest-early.service jlima-guest.service jlima-grow.service

# What has no work in such a guest, or would delay it.
for unit in e2scrub_reap.service systemd-networkd-wait-online.service systemd-update-utmp-runlevel.service \
  modprobe@dm_mod.service modprobe@drm.service modprobe@efi_pstore.service modprobe@loop.service; do
  ln -sf /dev/null "$units/$unit"
done
for unit in systemd-pstore.service apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer; do
  chroot "$root" systemctl --quiet disable "$unit" || :
done
mkdir -p "$root/etc/systemd/system-generators"
for generator in cryptsetup integritysetup veritysetup hibernate-resume gpt-auto rc-local system-update; do
  ln -sf /dev/null "$root/etc/systemd/system-generators/systemd-$generator-generator"
done
rm -f "$root/etc/modules-load.d/modules.conf"
touch "$root/etc/.updated" "$root/var/.updated"

# The kernel lies outside the guest: another one installed inside would never run.
chroot "$root" dpkg-query --show --showformat '${db:Status-Abbrev}${Package}\n' 'linux-image-*' |
  sed -n 's/^ii *//p' | while read -r package; do
  chroot "$root" apt-mark hold "$package"
done

version=$(ls "$root/lib/modules" | sort -V | tail -n 1)
kernel=$root/boot/vmlinuz-$version
out=$root/tmp/jlima
mkdir -p "$out"

# Debian's x86 kernel unpacks itself with xz, which takes an emulated machine 2.6 s. QEMU starts the plain ELF file
# through its PVH entry. Where the kernel is of another kind, it stays as it is.
cp "$kernel" "$out/kernel"
if grep -qx CONFIG_PVH=y "$root/boot/config-$version"; then
  chroot "$root" python3 - "/boot/vmlinuz-$version" /tmp/jlima/kernel <<'END'
import lzma, struct, sys, zlib
with open(sys.argv[1], 'rb') as file:
    image = file.read()
# Documentation/arch/x86/boot.rst of the kernel: header at 0x1f1, payload since boot protocol 2.08
if image[514:518] == b'HdrS' and struct.unpack_from('<H', image, 518)[0] >= 0x208:
    start = (image[497] + 1) * 512 + struct.unpack_from('<I', image, 584)[0]
    payload = image[start:start + struct.unpack_from('<I', image, 588)[0]]
    elf = b''
    if payload.startswith(b'\xfd7zXZ'):
        elf = lzma.LZMADecompressor().decompress(payload)
    elif payload.startswith(b'\x1f\x8b'):
        elf = zlib.decompressobj(31).decompress(payload)
    if elf.startswith(b'\x7fELF'):
        with open(sys.argv[2], 'wb') as file:
            file.write(elf)
END
fi

# An initrd with what it takes to find the root file system, and nothing more. Not compressed: unpacking costs more
# than reading when the machine is emulated.
initrd=$out/tree
mkdir -p "$initrd/bin" "$initrd/dev" "$initrd/proc" "$initrd/sys" "$initrd/root" "$initrd/modules"
cp "$(ls -d "$root/usr/bin/busybox" "$root/bin/busybox" 2> /dev/null | head -n 1)" "$initrd/bin/busybox"
cp "$root/usr/lib/jlima/initrd-init" "$initrd/init"
chmod 755 "$initrd/init"
rm "$root/usr/lib/jlima/initrd-init"
modules() {
  list=$1
  shift
  for module in "$@"; do
    chroot "$root" modprobe --set-version "$version" --show-depends "$module" 2> /dev/null |
      while read -r how file options; do
        name=${file##*/}
        if [ "$how" = insmod ] && [ ! -e "$initrd/modules/$name" ]; then
          cp "$root/$file" "$initrd/modules/$name"
          echo "$name" >> "$initrd/$list"
        fi
      done
  done
}
: > "$initrd/first"
: > "$initrd/then"
modules first virtio_pci virtio_mmio virtio_blk virtio_scsi crc32c_generic ext4 sr_mod isofs virtio_net
modules then sd_mod ahci nvme
chroot "$root" busybox sh -c 'cd /tmp/jlima/tree && busybox find . | busybox cpio -o -H newc -R 0:0' > "$out/initrd"
