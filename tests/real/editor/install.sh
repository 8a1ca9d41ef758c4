#!/usr/bin/env bash
# Puts the language server by which editors read YAML on this machine for the tests: `tests/real/editor/install.sh`.
#
# Everything lands in a cache directory outside git (EARNEST_DEVNET_DIR, by default .devnet/ in the project's root), and
# a second run with the same lock file ends at once. Needs no network but the package registries npm and apt-get use.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
cache=${EARNEST_DEVNET_DIR:-$root/.devnet}/editor
stamp=$cache/installed
say() { printf 'editor: %s\n' "$*" >&2; }

# need PROGRAM...: leaves only when every one of them is there. Debian's package of `node` is called otherwise.
need() {
    local program missing=() packages=()
    for program in "$@"; do
        if ! command -v "$program" >/dev/null; then missing+=("$program"); packages+=("${program/#node/nodejs}"); fi
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        say "these programs are missing: ${missing[*]}"
        say "install them as root and run this again, on Debian with: apt-get install --no-install-recommends ${packages[*]}"
        exit 1
    fi
    say "installing ${packages[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >&2 || say "apt-get update failed, trying with the package lists already here"
    apt-get install -y -qq --no-install-recommends "${packages[@]}" >&2
}

fingerprint() { cat "$here/package.json" "$here/package-lock.json" "$here/install.sh" | sha256sum | cut -d' ' -f1; }
up_to_date() { [ -d "$cache/node_modules/yaml-language-server" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$(fingerprint)" ]; }

need node
if up_to_date; then exit 0; fi

need npm
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9                                      # two test runs may ask at the same time: the second one finds it done
if up_to_date; then exit 0; fi

rm -f "$stamp"
cp "$here/package.json" "$here/package-lock.json" "$cache/"
cd "$cache"
export npm_config_loglevel=error npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false
say "fetching the packages into $cache"
npm ci --ignore-scripts --no-progress >&2
fingerprint >"$stamp"                        # last, so that an interrupted installation is never taken for a whole one
say "ready, yaml-language-server $(node -p 'require("./node_modules/yaml-language-server/package.json").version')"
