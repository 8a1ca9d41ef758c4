#!/usr/bin/env bash
# Puts Bluesky's server code on this machine for the tests: `tests/real/bluesky/install.sh`.
#
# Everything lands in a cache directory outside git (EARNEST_DEVNET_DIR, by default .devnet/ in the project's root), and
# a second run with the same lock file ends at once. Needs no network but the package registries npm and apt-get use.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
cache=${EARNEST_DEVNET_DIR:-$root/.devnet}/bluesky
stamp=$cache/installed
say() { printf 'bluesky devnet: %s\n' "$*" >&2; }

# Debian keeps PostgreSQL's server programs out of PATH.
has_postgres() { command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }
has() { case $1 in postgres) has_postgres ;; *) command -v "$1" >/dev/null ;; esac; }

# Debian's name of the package that brings a program.
package_of() {
    case $1 in
        postgres) echo postgresql ;;
        gcc | g++ | make | npm | python3) echo "$1" ;;
        node) echo nodejs ;;
        redis-server) echo redis-server ;;
        setpriv) echo util-linux ;;
    esac
}

# need PROGRAM...: leaves only when every one of them is there.
need() {
    local program missing=() packages=()
    for program in "$@"; do
        if ! has "$program"; then missing+=("$program"); packages+=("$(package_of "$program")"); fi
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        say "these programs are missing: ${missing[*]}"
        say "install them as root and run this again, on Debian with: apt-get install --no-install-recommends ${packages[*]}"
        exit 1
    fi
    say "installing ${packages[*]}"
    # RUNLEVEL=1 keeps Debian from starting system-wide servers (where it listens to that): the tests start their own.
    # Standard output is left to the caller's machine-readable use, so all of this talks on stderr.
    export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
    apt-get update -qq >&2 || say "apt-get update failed, trying with the package lists already here"
    apt-get install -y -qq --no-install-recommends "${packages[@]}" >&2
    for program in "${missing[@]}"; do
        has "$program" || { say "$program is still missing after apt-get install"; exit 1; }
    done
}

fingerprint() { cat "$here/package.json" "$here/package-lock.json" "$here/install.sh" | sha256sum | cut -d' ' -f1; }
up_to_date() { [ -x "$cache/node" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$(fingerprint)" ]; }

case $(uname -s)-$(uname -m) in
    Linux-x86_64) platform=linux-x64 ;;
    Linux-aarch64) platform=linux-arm64 ;;
    *) say "only Linux on x86_64 and aarch64 is supported, this is $(uname -s) on $(uname -m)"; exit 1 ;;
esac
running=(postgres redis-server)
[ "$(id -u)" -ne 0 ] || running+=(setpriv)   # PostgreSQL refuses to run as root
need "${running[@]}"
if up_to_date; then exit 0; fi

need gcc g++ make python3 node npm           # all of them to compile better-sqlite3, and npm to fetch
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9                                      # two test runs may ask at the same time: the second one finds it done
if up_to_date; then exit 0; fi

rm -f "$stamp" "$cache/node"
cp "$here/package.json" "$here/package-lock.json" "$cache/"
cd "$cache"
export npm_config_loglevel=error npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false
say "fetching the packages into $cache"
# No install scripts: only one package needs compiling, the rest would fetch from places other than the registry.
npm ci --ignore-scripts --no-progress >&2
# The servers need Node 22, which Debian 12 does not have. Its binary and headers come as an ordinary npm package.
node_home=$cache/node_modules/node-$platform
# Node's native modules are tied to one Node version, so the compiler must see that one's headers, not the system's.
say "compiling better-sqlite3"
PATH="$node_home/bin:$PATH" JOBS=${JOBS:-$(nproc)} npm_config_nodedir="$node_home" npm_config_build_from_source=true \
    npm rebuild better-sqlite3 >build.log 2>&1 || { tail -n 30 build.log >&2; say "could not compile better-sqlite3"; exit 1; }
"$node_home/bin/node" -e 'new (require("better-sqlite3"))(":memory:").exec("select 1")'
ln -s "node_modules/node-$platform/bin/node" node
fingerprint >"$stamp"                        # last, so that an interrupted installation is never taken for a whole one
say "ready, Node $(./node --version)"
