#!/bin/sh
# Installs the guest agent and has it run, by systemd or OpenRC. What is as it should be is left alone, so that a later
# boot costs next to nothing: the agent runs by then.
set -eu
root=${LIMA_ROOT:-}
program=$root/usr/local/bin/lima-guestagent
changed=0

# Writes the standard input to a file unless that is its content already. Arguments: the file, its mode.
put() {
	mkdir -p "$(dirname -- "$1")"
	if ! cat >"$1.new"; then
		rm -f "$1.new"
		return 1
	fi
	if cmp -s "$1.new" "$1"; then
		rm -f "$1.new"
	else
		chmod "$2" "$1.new"
		mv -f "$1.new" "$1"
		changed=1
	fi
}

owner=$(id -u "$LIMA_CIDATA_USER"):$(id -g "$LIMA_CIDATA_USER")
arguments="--socket /run/lima-guestagent.sock --owner $owner"
# Whoever has the socket can do what root can.
[ "$LIMA_CIDATA_PASSWORDLESS_SUDO" = 1 ] || arguments="$arguments --private"
put "$program" 0755 <"$LIMA_CIDATA_MNT/lima-guestagent"
# Whatever has no place for it, or none on the volume, can do without. The agent is none the newer for it.
preload=$LIMA_CIDATA_MNT/lima-sshfs-enospc.so
library=$root/usr/local/lib/lima-sshfs-enospc.so
if [ "$LIMA_CIDATA_MOUNTTYPE" = reverse-sshfs ] && [ -e "$preload" ] && ! cmp -s "$preload" "$library"; then
	(put "$library" 0644 <"$preload") || true
fi

if [ -d "$root/run/systemd/system" ]; then
	units=$root/etc/systemd/system
	put "$units/lima-guestagent.service" 0644 <<END
[Unit]
Description=Lima guest agent
DefaultDependencies=no
RequiresMountsFor=/usr/local/bin
Conflicts=shutdown.target
Before=shutdown.target
StartLimitIntervalSec=0

[Service]
ExecStart=/usr/local/bin/lima-guestagent $arguments
Restart=always
RestartSec=100ms
OOMPolicy=continue
OOMScoreAdjust=-500
LimitNOFILE=65536

[Install]
WantedBy=sysinit.target
END
	wanted=$units/sysinit.target.wants/lima-guestagent.service
	if [ ! -L "$wanted" ]; then
		mkdir -p "$units/sysinit.target.wants"
		ln -sfn ../lima-guestagent.service "$wanted"
		changed=1
	fi
	if [ "$changed" = 1 ]; then
		systemctl daemon-reload
		systemctl --no-block restart lima-guestagent.service
	fi
elif [ -x "$root/sbin/openrc-run" ]; then
	put "$root/etc/init.d/lima-guestagent" 0755 <<END
#!/sbin/openrc-run
name=lima-guestagent
description="Lima guest agent"
supervisor=supervise-daemon
command=/usr/local/bin/lima-guestagent
command_args="$arguments"
respawn_delay=1
respawn_max=0
error_log=/var/log/lima-guestagent.log
END
	if [ ! -e "$root/etc/runlevels/default/lima-guestagent" ]; then
		rc-update add lima-guestagent default
		changed=1
	fi
	[ "$changed" = 0 ] || rc-service lima-guestagent restart
else
	echo "lima: this guest has neither systemd nor OpenRC; the guest agent does not run" >&2
	exit 1
fi
