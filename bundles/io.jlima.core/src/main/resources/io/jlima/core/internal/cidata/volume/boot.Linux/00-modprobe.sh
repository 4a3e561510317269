#!/bin/sh
# Loads what containers need and cannot load themselves when they run without root. Kernels differ, so a module that
# is missing is no failure.
command -v modprobe >/dev/null || exit 0
modprobe -qab fuse tun bridge br_netfilter overlay veth \
	ip_tables ip6_tables iptable_filter ip6table_filter iptable_nat ip6table_nat nf_tables x_tables \
	xt_MASQUERADE xt_addrtype xt_comment xt_conntrack xt_mark xt_multiport xt_nat xt_tcpudp 2>/dev/null
exit 0
