#!/bin/sh
# Leads questions to the name server of the user-mode network to the resolver on the host. Where the guest has an agent
# that does this, nothing is to be done here; without iptables QEMU's own name server answers.
set -u
[ "$LIMA_CIDATA_UDP_DNS_LOCAL_PORT" != 0 ] && [ -n "$LIMA_CIDATA_SLIRP_DNS" ] || exit 0
[ ! -e "$LIMA_CIDATA_MNT/lima-guestagent" ] || exit 0
PATH=$PATH:/usr/sbin:/sbin
command -v iptables >/dev/null 2>&1 || exit 0

chain=LIMADNS
nat() { iptables -w -t nat "$@"; }

# Arguments: protocol, port of the host.
lead() {
	nat -A $chain -p "$1" --dport 53 -j DNAT --to-destination "$LIMA_CIDATA_SLIRP_GATEWAY:$2"
}

hook() {
	nat -C "$1" -d "$LIMA_CIDATA_SLIRP_DNS" -j $chain 2>/dev/null ||
		nat -A "$1" -d "$LIMA_CIDATA_SLIRP_DNS" -j $chain
}

{ nat -N $chain 2>/dev/null || nat -F $chain; } &&
	lead udp "$LIMA_CIDATA_UDP_DNS_LOCAL_PORT" &&
	lead tcp "$LIMA_CIDATA_TCP_DNS_LOCAL_PORT" &&
	hook PREROUTING &&
	hook OUTPUT ||
	# A kernel without these tables is no reason to call the boot a failure.
	echo "the host's resolver cannot be reached; names are resolved by QEMU" >&2
