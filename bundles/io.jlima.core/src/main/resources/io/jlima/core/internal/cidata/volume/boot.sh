#!/bin/sh
# shellcheck disable=SC2154 # lima_describe makes variables by name
# Sets the guest up, at every boot: the modules of this volume first, then the steps of lima.yaml's provision list.
# Marks in /run: lima-boot-done holds the instance id when all is over, lima-boot-failed the names of failed steps.
set -u
: "${LIMA_CIDATA_MNT:=/mnt/lima-cidata}"
export LIMA_CIDATA_MNT
# shellcheck source=util/lima.sh
. "$LIMA_CIDATA_MNT/util/lima.sh"
LIMA_REBOOT_REQUIRED=$lima_run/lima-reboot-required
export LIMA_REBOOT_REQUIRED
rm -f "$lima_run/lima-boot-done" "$LIMA_REBOOT_REQUIRED" "$lima_failed" "$lima_run/lima-no-filesystem"
# The set-up before the network came keeps its own list. Its modules run once more here, and what they say now counts.
if lima_early=$(grep -v '^boot\.' "$lima_run/lima-early-failed" 2>/dev/null); then
	printf '%s\n' "$lima_early" >"$lima_failed"
	lima_code=1
fi

# Everything said goes to the log as well. The pipe has a name only until both ends are open, and nobody waits for its
# reader: a program that a step leaves in the background may hold the other end for ever.
lima_log=$lima_root/var/log/lima-boot.log
lima_pipe=$lima_run/lima-boot-log.$$
if (umask 077 && : >"$lima_log" && mkfifo "$lima_pipe"); then
	tee -a "$lima_log" <"$lima_pipe" &
	exec >"$lima_pipe" 2>&1
	rm -f "$lima_pipe"
fi

lima_export_lines "$LIMA_CIDATA_MNT/lima.env"
lima_export_lines "$LIMA_CIDATA_MNT/param.env"
lima_export_environment "$LIMA_CIDATA_MNT/etc_environment"
PATH=$LIMA_CIDATA_MNT/util:$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH
cd / || exit 1

lima_modules() {
	for lima_file in "$1"/*.sh; do
		[ -e "$lima_file" ] || continue
		lima_step "${lima_file#"$LIMA_CIDATA_MNT/"}" sh "$lima_file"
	done
}

lima_modules "$LIMA_CIDATA_MNT/boot.essential.$(uname -s)"
if [ "$LIMA_CIDATA_PLAIN" = 1 ]; then
	lima_say "plain mode: only the essential modules and the provisioning steps run"
else
	lima_modules "$LIMA_CIDATA_MNT/boot.$(uname -s)"
fi

# Sets lima_KEY for KEY of PATH, OWNER, PERMISSIONS and so on. Arguments: prefix of the variables, keys.
lima_describe() {
	lima_prefix=LIMA_CIDATA_$1
	shift
	for lima_key; do
		eval "lima_$lima_key=\${${lima_prefix}_$lima_key:-}"
	done
	lima_target=$lima_root$lima_PATH
	lima_account=${lima_OWNER%%:*}
}

# Makes the directory of the target, as its owner where the owner may.
lima_make_parent() {
	lima_parent=$(dirname -- "$lima_target")
	[ -d "$lima_parent" ] || sudo -u "$lima_account" mkdir -p -- "$lima_parent" 2>/dev/null ||
		mkdir -p -- "$lima_parent"
}

# Gives the target the content of a file. The old mode is not kept: the content may be more secret than the old one.
lima_install() {
	(umask 077 && cat "$1" >"$lima_target") &&
		chown "$lima_OWNER" "$lima_target" &&
		chmod "$lima_PERMISSIONS" "$lima_target"
}

lima_data() {
	lima_describe "DATAFILE_${1##*/}" OVERWRITE OWNER PATH PERMISSIONS
	if [ -e "$lima_target" ] && [ "$lima_OVERWRITE" = false ]; then
		lima_say "$lima_PATH is there and stays as it is"
		return 0
	fi
	lima_make_parent && lima_install "$1"
}

lima_edit() {
	# Debian's program of the same name is another one and takes other arguments.
	if ! yq --version 2>/dev/null | grep -q mikefarah; then
		lima_say "no yq program (github.com/mikefarah/yq) is in this guest; install one in a step of mode dependency"
		return 1
	fi
	lima_describe "YQ_PROVISION_${1##*/}" FORMAT OWNER PATH PERMISSIONS
	lima_format=$lima_FORMAT
	if [ "$lima_format" = auto ]; then
		case $lima_PATH in
		*.json) lima_format=json ;;
		*.toml) lima_format=toml ;;
		*.xml) lima_format=xml ;;
		*.ini) lima_format=ini ;;
		*.csv) lima_format=csv ;;
		*.tsv) lima_format=tsv ;;
		*.properties) lima_format=props ;;
		*) lima_format=yaml ;;
		esac
	fi
	lima_new=$(mktemp) || return 1
	if [ -s "$lima_target" ]; then
		yq -p "$lima_format" -o "$lima_format" "$(cat "$1")" "$lima_target" >"$lima_new"
	else
		yq -n -o "$lima_format" "$(cat "$1")" >"$lima_new"
	fi && lima_make_parent && lima_install "$lima_new"
	lima_result=$?
	rm -f "$lima_new"
	return "$lima_result"
}

# Runs a script as the guest's user, in a login shell, with the parameters and the variables of env.
lima_as_user() {
	lima_script=$lima_root$LIMA_CIDATA_HOME/.lima-user-script
	rm -f "$lima_script"
	cp "$1" "$lima_script" && chown "$LIMA_CIDATA_USER" "$lima_script" && chmod 0755 "$lima_script" || return 1
	lima_names=XDG_RUNTIME_DIR$(sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/,\1/p' \
		"$LIMA_CIDATA_MNT/param.env" "$LIMA_CIDATA_MNT/etc_environment" | tr -d '\n')
	XDG_RUNTIME_DIR=/run/user/$LIMA_CIDATA_UID \
		sudo -i -u "$LIMA_CIDATA_USER" "--preserve-env=$lima_names" "$lima_script"
	lima_result=$?
	rm -f "$lima_script"
	return "$lima_result"
}

# systemd answers when the user's own instance is up, so there is nothing to poll.
lima_user_session() {
	if [ -d "$lima_root/run/systemd/system" ]; then
		systemctl start "user@$LIMA_CIDATA_UID.service"
	fi
}

lima_password() {
	lima_home=$lima_root$LIMA_CIDATA_HOME
	[ ! -e "$lima_home/.lima-password-set" ] || return 0
	lima_secret=$(od -A n -N 8 -t x1 /dev/urandom | tr -d ' \n') &&
		printf '%s:%s\n' "$LIMA_CIDATA_USER" "$lima_secret" | chpasswd &&
		rm -f "$lima_home/password" &&
		(umask 077 && printf '%s\n' "$lima_secret" >"$lima_home/password") &&
		: >"$lima_home/.lima-password-set" &&
		chown "$LIMA_CIDATA_USER" "$lima_home/password" "$lima_home/.lima-password-set"
}

# Runs all files of one mode. Arguments: the mode, the command that takes a file, if it does not run itself.
lima_provision() {
	lima_mode=$1
	shift
	for lima_file in "$LIMA_CIDATA_MNT/provision.$lima_mode"/*; do
		[ -e "$lima_file" ] || continue
		lima_step "provision.$lima_mode/${lima_file##*/}" "$@" "$lima_file"
	done
}

lima_provision data lima_data
lima_provision yq lima_edit
if [ -d "$LIMA_CIDATA_MNT/provision.system" ] || [ -d "$LIMA_CIDATA_MNT/provision.user" ]; then
	lima_await_network
fi
lima_provision system
if [ -d "$LIMA_CIDATA_MNT/provision.user" ]; then
	lima_step "user@$LIMA_CIDATA_UID.service" lima_user_session
	lima_provision user lima_as_user
fi
if [ "$LIMA_CIDATA_PASSWORDLESS_SUDO" != 1 ]; then
	lima_step password lima_password
fi

# Modules note the failures of what they run themselves.
[ ! -s "$lima_failed" ] || lima_code=1
if [ -e "$LIMA_REBOOT_REQUIRED" ]; then
	lima_say "a step asked for a restart"
	reboot
else
	printf '%s\n' "$LIMA_CIDATA_IID" >"$lima_run/lima-boot-done"
	lima_say "all steps are over, exit status $lima_code"
fi
exit "$lima_code"
