#!/usr/bin/env bash
# A PHP for the tests of samples/php-client and of the recipe for EasyWeChat in docs/interop.md.
#
#   scripts/php.sh
#
# Prints the path of $PHP, else of `php` on the PATH. Where there is none, it installs Debian's package php-cli, which
# needs root. stdout is that path and nothing else; progress goes to stderr.
set -euo pipefail

die() {
  printf 'php: %s\n' "$*" >&2
  exit 1
}

if [ -n "${PHP:-}" ]; then
  [ -x "$PHP" ] || die "PHP is $PHP, which is not a program; set it to the path of a PHP 8"
  printf '%s\n' "$PHP"
  exit 0
fi

if ! command -v php >/dev/null; then
  command -v apt-get >/dev/null || die 'this machine has neither php nor apt-get; install PHP 8, or set PHP to its path'
  [ "$(id -u)" = 0 ] ||
    die 'installing php-cli needs root; run as root: apt-get install --no-install-recommends php-cli; or set PHP to the path of a PHP 8'
  export DEBIAN_FRONTEND=noninteractive
  {
    # A third-party source that does not answer fails the update as a whole; whether it matters, the install shows.
    apt-get -o DPkg::Lock::Timeout=300 update || true
    apt-get -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends --no-remove php-cli
  } >&2
fi
command -v php || die 'Debian’s package brought no php'
