# shellcheck shell=sh
# shellcheck disable=SC2034 # those who read this file use the variables
# Functions for the programs on this volume, which read this file with ".".
# LIMA_ROOT is empty in a guest; tests put a directory in its place. All names here begin with lima_, because the
# variables of lima.yaml's env are exported into the same shell.

lima_root=${LIMA_ROOT:-}
case $(uname -s) in
Linux) lima_run=$lima_root/run ;;
*) lima_run=$lima_root/var/run ;;
esac
lima_failed=$lima_run/lima-boot-failed
lima_code=0

lima_say() {
	printf 'lima: %s\n' "$*"
}

# Exports NAME=value if that is what the argument is. The shell does not look into the value.
lima_export() {
	case $1 in
	[A-Za-z_]*=*) ;;
	*) return 0 ;;
	esac
	case ${1%%=*} in
	*[!A-Za-z0-9_]*) return 0 ;;
	esac
	export "${1?}"
}

# Exports the lines of a file.
lima_export_lines() {
	while IFS= read -r lima_line || [ -n "$lima_line" ]; do
		lima_export "$lima_line"
	done <"$1"
}

# Exports the lines of a file as pam_env(8) does with /etc/environment: '#' begins a comment anywhere, "export " in
# front and quotes around the value are dropped.
lima_export_environment() {
	lima_tab=$(printf '\t')
	while IFS= read -r lima_line || [ -n "$lima_line" ]; do
		lima_line=${lima_line#"${lima_line%%[! "$lima_tab"]*}"}
		lima_line=${lima_line#export }
		lima_line=${lima_line%%#*}
		lima_line=${lima_line%"${lima_line##*[! "$lima_tab"]}"}
		case $lima_line in
		*=*) ;;
		*) continue ;;
		esac
		lima_value=${lima_line#*=}
		case $lima_value in
		[\"\']*)
			lima_value=${lima_value#?}
			lima_value=${lima_value%[\"\']}
			;;
		esac
		lima_export "${lima_line%%=*}=$lima_value"
	done <"$1"
}

# Runs a step. Arguments: its name, the command. A failure is noted and does not end the caller.
lima_step() {
	lima_name=$1
	shift
	lima_say "running $lima_name"
	"$@" </dev/null
	lima_status=$?
	if [ "$lima_status" -ne 0 ]; then
		lima_fail "$lima_name" "exit status $lima_status"
	fi
	return "$lima_status"
}

# Notes a failed step. Arguments: its name, the reason.
lima_fail() {
	lima_say "$1 FAILED: $2"
	printf '%s\n' "$1" >>"$lima_failed"
	lima_code=1
}

# Lets the network come up, where systemd can say when that is.
lima_await_network() {
	if [ -d "$lima_root/run/systemd/system" ]; then
		timeout 60 systemctl start network-online.target || lima_say "the network is not up after 60 s; going on"
	fi
}
