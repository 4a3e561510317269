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

# Debian's program starts a thousand processes, which takes an emulated guest a minute and more. What it does for a
# certificate more than before is little: a place in the bundle, a link, and one by its hash, as openssl-rehash(1) says.
lima_add_certificates() {
	lima_ssl=$lima_root/etc/ssl/certs
	if [ -e "$lima_trust" ] || [ -e "$lima_certs/remove-defaults" ] || ! [ -s "$lima_ssl/ca-certificates.crt" ] ||
		[ -n "$(ls -A "$lima_root/etc/ca-certificates/update.d" 2>/dev/null)" ] || ! command -v openssl >/dev/null; then
		return 1
	fi
	mkdir -p "$lima_trust" && cp "$lima_certs"/* "$lima_trust/" && chmod 0644 "$lima_trust"/* &&
		cp -p "$lima_ssl/ca-certificates.crt" "$lima_ssl/ca-certificates.crt.lima" || return 1
	for lima_certificate in "$lima_trust"/*; do
		lima_name=${lima_certificate##*/}
		lima_name=${lima_name%.crt}.pem
		lima_hash=$(openssl x509 -noout -hash -in "$lima_certificate") || return 1
		lima_number=0
		while [ -e "$lima_ssl/$lima_hash.$lima_number" ]; do
			lima_number=$((lima_number + 1))
		done
		# shellcheck disable=SC1003 # the end of the last line is added where it is missing
		ln -sf "${lima_certificate#"$lima_root"}" "$lima_ssl/$lima_name" &&
			ln -s "$lima_name" "$lima_ssl/$lima_hash.$lima_number" &&
			sed -e '$a\' "$lima_certificate" >>"$lima_ssl/ca-certificates.crt.lima" || return 1
	done
	mv "$lima_ssl/ca-certificates.crt.lima" "$lima_ssl/ca-certificates.crt"
}

lima_certificates() {
	if diff -r "$lima_certs" "$lima_trust" >/dev/null 2>&1; then
		return 0
	fi
	if lima_add_certificates; then
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
