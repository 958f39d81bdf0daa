#!/usr/bin/env bash
# promtool, which checks Prometheus's rules and metrics, for the tests.
#
#   "$(scripts/promtool.sh)" check rules deploy/prometheus/rules.yaml
#
# Finds it in PROMTOOL or on the PATH; else takes Debian's package `prometheus` apart in PROMTOOL_ROOT (default
# .cache/promtool), which installs nothing, starts nothing and needs no root. A finished folder is used again.
# stdout is the path of `promtool` and nothing else; progress goes to stderr.
set -euo pipefail

die() {
  printf 'promtool: %s\n' "$*" >&2
  exit 1
}

if [ -n "${PROMTOOL:-}" ]; then
  [ -x "$PROMTOOL" ] || die "PROMTOOL is $PROMTOOL, which cannot be run"
  printf '%s\n' "$PROMTOOL"
  exit 0
fi
if command -v promtool; then exit 0; fi

project="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
root="${PROMTOOL_ROOT:-$project/.cache/promtool}"
mkdir -p "$root"
root="$(cd "$root" && pwd)"
promtool="$root/promtool"

# Two callers at once fetch one.
exec 9>"$root/lock"
flock 9
if [ ! -x "$promtool" ]; then
  command -v apt-get >/dev/null || die 'this recipe needs apt-get; elsewhere put promtool on the PATH, or set PROMTOOL'
  rm -rf "$root/build"
  mkdir "$root/build"
  (
    cd "$root/build"
    if ! apt-get download prometheus; then
      [ "$(id -u)" = 0 ] || die 'apt-get knows no package `prometheus`: run `apt-get update` as root once'
      apt-get -o DPkg::Lock::Timeout=300 update
      apt-get download prometheus
    fi
    dpkg-deb --extract prometheus_*.deb .
  ) >&2
  mv "$root/build/usr/bin/promtool" "$promtool"
  rm -rf "$root/build"
fi
"$promtool" --version 2>&1 | head -n 1 >&2
printf '%s\n' "$promtool"
