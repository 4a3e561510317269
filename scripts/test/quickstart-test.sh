#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# quickstart.sh from beginning to end in a checkout of its own, where Maven and the two programs that it builds are
# stand-ins: what is built when, what is started, what is said, and what is said when a step fails.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
# shellcheck source=scripts/test/check.sh
. "$here/scripts/test/check.sh"

checkout="$work/check out"
asked=$work/asked
mkdir -p "$checkout/distribution" "$checkout/bundles/a/target" "$work/elsewhere" "$work/home"
cp -R "$here/scripts" "$here/quickstart.sh" "$checkout"
printf 'run any sh dash\n' >"$checkout/scripts/packages.data"
printf '<project>\n  <version>7.0-rc1</version>\n  <version>1</version>\n</project>\n' >"$checkout/pom.xml"
echo one >"$checkout/bundles/a/A.java"
built="$checkout/distribution/target/jlima-7.0-rc1"

program "$work/bin/mvn" <<END
echo "mvn \$*" >>"$asked"
printf '%s\n' "\$PWD" "\$JAVA_HOME" "\$MAVEN_OPTS" >"$work/maven-saw"
[ ! -e "$work/mvn-fails" ] || { echo 'COMPILATION ERROR'; exit 1; }
[ ! -e "$work/mvn-makes-nothing" ] || exit 0
mkdir -p "$built/bin"
cp "$work/limactl" "$work/lima" "$built/bin"
END
program "$work/limactl" <<END
echo "limactl \$*" >>"$asked"
[ ! -e "$work/start-fails" ] || [ "\$1" != start ] || { echo 'no such image' >&2; exit 1; }
END
program "$work/lima" <<END
echo "lima \$*" >>"$asked"
[ ! -e "$work/lima-fails" ] || exit 255
echo 'Linux lima-default 6.1.0-1-amd64 x86_64 GNU/Linux'
END
jdk_at "$work/my jdk" 25.0.1

cd "$work/elsewhere"
quickstart() {
    : >"$asked"
    run env -u JLIMA_JAVA_HOME HOME="$work/home" JAVA_HOME="$work/my jdk" MAVEN_OPTS=-Dmine=1 PATH="$work/bin:$PATH" \
        sh "$checkout/quickstart.sh"
}
maven_line="mvn -B -ntp -q -DskipTests -pl distribution -am package"
start_lines="limactl start --tty=false
lima uname -a"

quickstart
same "the first run: status" 0 "$status"
same "the first run builds, starts and asks" "$maven_line
$start_lines" "$(cat "$asked")"
same "Maven runs in the checkout" "$checkout" "$(sed -n 1p "$work/maven-saw")"
same "Maven runs on the JDK that was found" "$work/my jdk" "$(sed -n 2p "$work/maven-saw")"
has "the caller's MAVEN_OPTS come last" "-Dmine=1." "$(sed -n 3p "$work/maven-saw")."
has "nothing is installed where nothing is missing" "nothing is missing" "$output"
has "the guest's line stands alone" "
Linux lima-default 6.1.0-1-amd64 x86_64 GNU/Linux
" "$output"
has "the PATH to type" "export PATH=\"$built/bin:\$PATH\"" "$output"
has "a JDK at an odd place is named" "export JLIMA_JAVA_HOME=\"$work/my jdk\"" "$output"

quickstart
same "the second run: status" 0 "$status"
same "the second run builds nothing" "$start_lines" "$(cat "$asked")"
has "and says so" "built already" "$output"

# What makes a new build, and what does not.
echo other >"$checkout/bundles/a/target/A.class"
echo other >"$checkout/README.md"
quickstart
same "what is not a source makes no build" "$start_lines" "$(cat "$asked")"
rebuild_lines="limactl daemon stop
$maven_line
$start_lines"
echo two >"$checkout/bundles/a/A.java"
quickstart
same "a changed source is built again, and the old daemon stopped first" "$rebuild_lines" "$(cat "$asked")"
mkdir "$checkout/templates"
echo x >"$checkout/templates/x.yaml"
quickstart
same "a new source is built" "$rebuild_lines" "$(cat "$asked")"
rm "$checkout/templates/x.yaml"
quickstart
same "a removed source is built" "$rebuild_lines" "$(cat "$asked")"
rm -r "$built"
quickstart
same "a removed distribution is built" "$maven_line
$start_lines" "$(cat "$asked")"

# Each step that fails ends it with what failed and what to do.
: >"$work/start-fails"
quickstart
same "a start that fails: status" 1 "$status"
has "a start that fails: its own words" "no such image" "$output"
has "a start that fails: what to do" "limactl delete -f default" "$output"
rm "$work/start-fails"
: >"$work/lima-fails"
quickstart
same "no shell: status" 1 "$status"
has "no shell: what to do" "default/serial.log" "$output"
rm "$work/lima-fails"

echo three >"$checkout/bundles/a/A.java"
: >"$work/mvn-fails"
quickstart
same "a build that fails: status" 1 "$status"
has "a build that fails: its own words" "COMPILATION ERROR" "$output"
has "a build that fails: what to do" "run this again" "$output"
rm "$work/mvn-fails"
quickstart
has "it is not taken for built afterwards" "$maven_line" "$(cat "$asked")"

rm -r "$built"
: >"$work/mvn-makes-nothing"
quickstart
same "a build that makes nothing: status" 1 "$status"
has "a build that makes nothing: said" "is not there" "$output"

# The same through a symbolic link, from a PATH folder.
rm "$work/mvn-makes-nothing"
ln -s "$checkout/quickstart.sh" "$work/bin/jlima-quickstart"
run env HOME="$work/home" JAVA_HOME="$work/my jdk" PATH="$work/bin:$PATH" jlima-quickstart
same "through a link: status" 0 "$status"
