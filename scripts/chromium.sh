#!/usr/bin/env bash
# A Chromium for the tests of the console and for its screenshots.
#
#   scripts/chromium.sh
#
# Prints the path of $CHROMIUM, else of what is on the PATH. Where there is none, or no font with Chinese characters, it
# installs Debian's packages, which needs root. stdout is that path and nothing else; progress goes to stderr.
set -euo pipefail

die() {
  printf 'chromium: %s\n' "$*" >&2
  exit 1
}

if [ -n "${CHROMIUM:-}" ]; then
  [ -x "$CHROMIUM" ] || die "CHROMIUM is $CHROMIUM, which is not a program; set it to the path of a Chromium or Chrome"
  printf '%s\n' "$CHROMIUM"
  exit 0
fi

find_browser() { command -v chromium || command -v chromium-browser || command -v google-chrome || true; }
# Without fontconfig the browser sees no font at all.
has_chinese_font() { [ -n "$(fc-list :lang=zh family 2>/dev/null)" ]; }

missing=()
[ -n "$(find_browser)" ] || missing+=(chromium)
has_chinese_font || missing+=(fonts-noto-cjk fontconfig)
if [ "${#missing[@]}" -gt 0 ]; then
  command -v apt-get >/dev/null ||
    die "this machine lacks ${missing[*]} and has no apt-get; install Chromium and a Chinese font, or set CHROMIUM to the path of a browser"
  [ "$(id -u)" = 0 ] ||
    die "installing ${missing[*]} needs root; run as root: apt-get install --no-install-recommends ${missing[*]}; or set CHROMIUM to the path of a browser"
  export DEBIAN_FRONTEND=noninteractive
  {
    # A third-party source that does not answer fails the update as a whole; whether it matters, the install shows.
    apt-get -o DPkg::Lock::Timeout=300 update || true
    apt-get -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends --no-remove "${missing[@]}"
  } >&2
fi
browser="$(find_browser)"
[ -n "$browser" ] || die 'Debian’s package brought no chromium'
printf '%s\n' "$browser"
