# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Maven on the JDK that was found, and a build that knows when there is nothing to do. Sourced after say.sh.

# maven CHECKOUT JDK ARGUMENT...: runs Maven in the checkout, on that JDK.
maven() (
    cd "$1" || exit 1
    JAVA_HOME=$2
    shift 2
    # Without these a current JDK warns of what Maven's own libraries do.
    options='-XX:+IgnoreUnrecognizedVMOptions --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow'
    # It lives for a minute or two: the second tier of the JIT costs more than it gives.
    options="$options -XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
    # A JDK that was unpacked by hand does not know the certificates that this system's owner added.
    trusted=/etc/ssl/certs/java/cacerts
    [ ! -r "$trusted" ] || options="$options -Djavax.net.ssl.trustStore=$trusted"
    MAVEN_OPTS="$options ${MAVEN_OPTS:-}"
    export JAVA_HOME MAVEN_OPTS
    exec mvn -B -ntp "$@" </dev/null
)

# sources CHECKOUT: a fingerprint of all that the distribution is made from.
sources() (
    cd "$1" || exit 1
    set --
    for part in pom.xml .mvn bundles distribution templates; do
        [ ! -e "$part" ] || set -- "$@" "$part"
    done
    find "$@" -name target -prune -o -type f -exec cksum {} + | LC_ALL=C sort | cksum
)

# distribution CHECKOUT: prints the folder of the built distribution.
distribution() {
    # The first version in the parent pom is the project's own.
    printf '%s\n' "$1/distribution/target/jlima-$(sed -n 's|.*<version>\(.*\)</version>.*|\1|p' "$1/pom.xml" | head -n 1)"
}

# build CHECKOUT JDK: the distribution, unless the one that is there was made from the same sources.
build() (
    built=$(distribution "$1")
    stamp=$1/distribution/target/sources
    now=$(sources "$1") || die "the sources in $1 cannot be read" "Check out jlima again."
    if [ -x "$built/bin/limactl" ] && [ "$now" = "$(cat "$stamp" 2>/dev/null)" ]; then
        say "jlima is built already"
        exit 0
    fi
    # A daemon of the last build would run on with its jars changed under it. No guest minds: the next one adopts them.
    [ ! -x "$built/bin/limactl" ] || timeout 60 "$built/bin/limactl" daemon stop >/dev/null 2>&1 || :
    say "building jlima (the first time Maven fetches its libraries: some minutes)"
    maven "$1" "$2" -q -DskipTests -pl distribution -am package ||
        die "the build failed (Maven's words are above)" \
            "If it could not fetch something, look to the network and run this again; a build resumes where it stopped."
    [ -x "$built/bin/limactl" ] || die "Maven was content, but $built/bin/limactl is not there" "Please report this."
    printf '%s\n' "$now" >"$stamp"
    say "built: $built"
)
