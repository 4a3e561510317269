#!/bin/sh
# The rest of the set-up of an image without cloud-init on its path: what cloud-init would have done, then boot.sh.
set -u
: "${LIMA_CIDATA_MNT:=/mnt/lima-cidata}"
export LIMA_CIDATA_MNT
# shellcheck source=../util/lima.sh
. "$LIMA_CIDATA_MNT/util/lima.sh"
# boot.sh takes these over.
# shellcheck disable=SC2034
lima_failed=$lima_run/lima-early-failed
lima_certs=$LIMA_CIDATA_MNT/guest/ca-certs
lima_trust=$lima_root/usr/local/share/ca-certificates/lima

# Tells the host that sshd listens, which ssh.service has told systemd before we were started. A host that does not
# want to know must not hold anything up.
lima_port=$lima_root/dev/virtio-ports/io.jlima.guest.0
if [ -e "$lima_port" ]; then
	# shellcheck disable=SC2016 # the inner shell's own argument
	timeout 60 sh -c 'echo ssh >"$1"' sh "$lima_port" &
fi

lima_certificates() {
	if diff -r "$lima_certs" "$lima_trust" >/dev/null 2>&1; then
		return 0
	fi
	if ! command -v update-ca-certificates >/dev/null; then
		lima_say "this guest has no update-ca-certificates; the certificates of caCerts are not in use"
		return 1
	fi
	if [ -e "$lima_certs/remove-defaults" ] && [ -e "$lima_root/etc/ca-certificates.conf" ]; then
		sed -i 's/^[^#!]/!&/' "$lima_root/etc/ca-certificates.conf" || return 1
	fi
	rm -rf "$lima_trust" && mkdir -p "$lima_trust" && cp "$lima_certs"/* "$lima_trust/" &&
		chmod 0644 "$lima_trust"/* && update-ca-certificates --fresh
}

lima_upgrade() {
	lima_await_network
	if command -v apt-get >/dev/null; then
		export DEBIAN_FRONTEND=noninteractive
		apt-get update && apt-get -y -o Dpkg::Options::=--force-confold upgrade
	else
		lima_say "upgradePackages is for guests with apt-get where cloud-init is off"
		return 1
	fi
}

if [ -d "$lima_certs" ]; then
	lima_step guest/ca-certs lima_certificates
fi
if grep -qx 'LIMA_CIDATA_UPGRADE_PACKAGES=1' "$LIMA_CIDATA_MNT/lima.env"; then
	lima_step guest/upgrade lima_upgrade
fi
exec sh "$LIMA_CIDATA_MNT/boot.sh"
