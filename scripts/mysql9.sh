#!/usr/bin/env bash
# A real MySQL 9 for the tests of databases, on a Debian that has none in its own release.
#
#   TEST_MYSQLD="$(scripts/mysql9.sh)" npm run test:databases
#
# Takes mysql-server-core from Debian sid and keeps the server with the libraries it was built against in one
# folder, MYSQL9_ROOT (default .cache/mysql9). Its `mysqld` runs there through sid's own loader: no chroot, no
# root, any data folder. Building needs root and about a minute; a finished folder is used again as it is.
# stdout is the path of that `mysqld` and nothing else; progress goes to stderr, debootstrap's to build.log.
set -euo pipefail

project="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
root="${MYSQL9_ROOT:-$project/.cache/mysql9}"
mkdir -p "$root"
root="$(cd "$root" && pwd)"
build="$root/build"
server="$root/server"
log="$root/build.log"
marker="$root/complete" # written last: without it whatever is there is an interrupted build
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
export DEBIAN_FRONTEND=noninteractive

log() { printf 'mysql9: %s\n' "$*" >&2; }
die() {
  log "$*"
  exit 1
}

# Two callers at once build one server.
exec 9>"$root/lock"
flock 9

finish() {
  log "$(cat "$marker")"
  printf '%s\n' "$server/mysqld"
  exit 0
}
if [ -f "$marker" ]; then finish; fi

[ "$(id -u)" = 0 ] || die "building MySQL 9 needs root (debootstrap); run it as root once, or set TEST_MYSQLD to a mysqld of your own"
command -v apt-get >/dev/null || die 'this recipe needs a Debian with apt-get; elsewhere set TEST_MYSQLD to a mysqld of your own'

# debootstrap mounts /proc while it works; if it was interrupted, that must go before anything is deleted.
clear_build() {
  local point
  awk -v base="$build/" 'index($2, base) == 1 { print $2 }' /proc/mounts | sort -r | while read -r point; do
    umount -l "$point"
  done
  rm -rf --one-file-system "$build"
}
on_exit() {
  local status=$?
  clear_build
  if [ "$status" != 0 ]; then
    [ ! -s "$log" ] || tail -n 20 "$log" >&2
    log "failed; the whole log is $log"
  fi
}
trap on_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

clear_build
rm -rf --one-file-system "$server"
: >"$log"

if ! command -v debootstrap >/dev/null; then
  log 'installing debootstrap with apt-get'
  apt-get update >>"$log" 2>&1 || log 'apt-get update had errors; continuing anyway'
  apt-get install -y --no-install-recommends --no-remove -o DPkg::Lock::Timeout=300 \
    debootstrap debian-archive-keyring ca-certificates >>"$log" 2>&1
fi

# The mirror is the one that this machine uses for Debian's main archive (not -security, no third party).
debian_mirror() {
  apt-get indextargets --format '$(SITE)' \
    'Created-By: Packages' 'Origin: Debian' 'Label: Debian' 'Component: main' |
    grep -E '^(https?|file):' | sort -u | sed -n 1p || true
}
mirror="$(debian_mirror)"
if [ -z "$mirror" ]; then # apt knows the origin of a source only once it has fetched its lists
  apt-get update >>"$log" 2>&1 || log 'apt-get update had errors; continuing anyway'
  mirror="$(debian_mirror)"
fi
[ -n "$mirror" ] || die "no mirror of Debian's main archive among the apt sources of this machine"

# debootstrap fetches with wget, which does not know apt's settings.
proxy="$(apt-config shell value Acquire::http::Proxy | sed -n "s/^value='\(.*\)'$/\1/p")"
if [ -n "$proxy" ] && [ "$proxy" != DIRECT ]; then export http_proxy="${http_proxy:-$proxy}"; fi

log "building from Debian sid at $mirror into $root"
started=$SECONDS
debootstrap --variant=minbase --include=mysql-server-core sid "$build" "$mirror" >>"$log" 2>&1

# Of the 560 MB keep what the server needs: itself, its plugins, its messages, and every library of its system.
libraries="$(dirname "$(ls "$build"/usr/lib/*/libc.so.6)")"
mkdir -p "$server/bin" "$server/lib"
cp "$build/usr/sbin/mysqld" "$server/bin/mysqld"
find "$libraries" -maxdepth 1 -name '*.so*' -exec cp -P -t "$server/lib" {} +
cp -r "$build/usr/lib/mysql/plugin" "$server/plugin"
cp -r "$build/usr/share/mysql" "$server/share"

cat >"$server/mysqld" <<'WRAPPER'
#!/bin/sh
# MySQL of Debian sid with its own loader and libraries. Made by scripts/mysql9.sh.
here="$(dirname "$(readlink -f "$0")")"
# The caller's options come first, because --no-defaults must be the very first.
exec "$here"/lib/ld-linux*.so.* --library-path "$here/lib" "$here/bin/mysqld" "$@" \
  --basedir="$here" --plugin-dir="$here/plugin" \
  --lc-messages-dir="$here/share" --character-sets-dir="$here/share/charsets"
WRAPPER
chmod +x "$server/mysqld"

version="$("$server/mysqld" --version | sed -n 's/.*Ver \([0-9][^ ]*\).*/\1/p')"
[ "${version%%.*}" -ge 9 ] || die "Debian sid gave MySQL '$version', and 9 or later is needed"
clear_build
log "built in $((SECONDS - started)) s, $(du -sh "$server" | cut -f1)"
echo "MySQL $version from Debian sid" >"$marker"
finish
