#!/usr/bin/env bash
# Builds deploy/Dockerfile without an image registry and runs the image, on a Debian as root: npm run try:image
#
# The base is a Debian of debootstrap with this machine's Node and npm, in place of node:22-bookworm-slim; buildah runs the
# Dockerfile's own steps on it, and runc runs the image as scripts/try-image.mjs says. About five minutes on two cores, and 2 GB
# in a temporary folder that is gone afterwards. Exit code 0: the image serves a token. Installs what is missing with apt-get.
set -euo pipefail

project="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin" DEBIAN_FRONTEND=noninteractive BUILDAH_ISOLATION=chroot
release=bookworm

say() { printf 'try-image: %s\n' "$*"; }
die() {
  say "$*" >&2
  exit 1
}

[ "$(id -u)" = 0 ] || die 'building needs root (debootstrap, buildah)'
command -v apt-get >/dev/null || die 'this recipe needs a Debian with apt-get; elsewhere use docker build -f deploy/Dockerfile .'
missing=()
for program in buildah debootstrap jq runc; do
  command -v "$program" >/dev/null || missing+=("$program")
done
command -v systemd-analyze >/dev/null || missing+=(systemd)
if [ "${#missing[@]}" -gt 0 ]; then
  say "installing ${missing[*]} with apt-get"
  apt-get -o DPkg::Lock::Timeout=300 -qq update || say 'apt-get update had errors; continuing anyway'
  apt-get -o DPkg::Lock::Timeout=300 install -qq --yes --no-install-recommends --no-remove "${missing[@]}" >/dev/null
fi

work="$(mktemp -d "${TMPDIR:-/var/tmp}/wechat-token-image.XXXXXX")"
log="$work/build.log"
builder() { buildah --root "$work/store" --runroot "$work/run" --storage-driver overlay "$@"; }

on_exit() {
  local status=$?
  trap - EXIT
  if [ "$status" != 0 ] && [ -s "$log" ]; then tail -n 30 "$log" >&2; fi
  builder umount --all >/dev/null 2>&1 || true
  # What an interrupted step left: a mounted folder is not to be deleted.
  awk -v base="$work/" 'index($2, base) == 1 { print $2 }' /proc/mounts | sort -r | while read -r point; do
    umount -l "$point"
  done
  rm -rf --one-file-system "$work"
  if [ "$status" = 0 ]; then say 'passed'; else say "FAILED with exit code $status"; fi
  exit "$status"
}
trap on_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say "making a base: Debian $release with Node $(node --version) and npm $(npm --version) of this machine"
base="$work/base"
mirror="$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' 'Component: main' |
  grep -E '^https?:' | sort -u | sed -n 1p || true)"
debootstrap --variant=minbase --include=libstdc++6 "$release" "$base" "${mirror:-http://deb.debian.org/debian}" >>"$log" 2>&1
mkdir -p "$base/usr/local/lib/node_modules" "$base/usr/local/etc" "$base/etc/ssl/certs"
cp "$(node -p process.execPath)" "$base/usr/local/bin/node"
cp -r "$(npm root --global)/npm" "$base/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$base/usr/local/bin/npm"
# How this machine reaches its registry: a proxy may have a CA of its own.
cp /etc/ssl/certs/ca-certificates.crt "$base/etc/ssl/certs/"
ca="$(npm config get cafile)"
if [ "$ca" != null ]; then install -D "$ca" "$base$ca" && echo "cafile=$ca" >"$base/usr/local/etc/npmrc"; fi
container="$(builder from scratch)"
builder copy --quiet "$container" "$base" / >>"$log"
builder config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
builder commit --quiet --rm "$container" localhost/base >>"$log"
rm -rf --one-file-system "$base"

say 'running the steps of deploy/Dockerfile with buildah'
builder build --format docker --pull-never --network host --build-arg NODE_IMAGE=localhost/base \
  --file "$project/deploy/Dockerfile" --tag localhost/nestjs-wechat-token "$project" >>"$log" 2>&1
builder inspect --type image localhost/nestjs-wechat-token | jq .Docker.config >"$work/config.json"
container="$(builder from --pull-never localhost/nestjs-wechat-token)"
root="$(builder mount "$container")"
say "built: $(du -sh "$root/app" | cut -f1) in /app"

say 'running the image with runc'
node "$project/scripts/try-image.mjs" "$root" "$work/config.json" "$work"
