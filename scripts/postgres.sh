#!/usr/bin/env bash
# A PostgreSQL for the tests of databases, on a Debian.
#
#   TEST_POSTGRES="$(scripts/postgres.sh)" npm run test:databases
#
# Installs Debian's package where there is none, which needs root, and starts no server: the tests do that, each with
# data of its own. stdout is the folder of `postgres` and `initdb` and nothing else; progress goes to stderr.
set -euo pipefail

newest() {
  local folder found=
  for folder in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V); do
    if [ -x "$folder/postgres" ] && [ -x "$folder/initdb" ]; then found="$folder"; fi
  done
  printf '%s' "$found"
}

if [ -z "$(newest)" ]; then
  if [ "$(id -u)" != 0 ]; then
    echo 'postgres: installing PostgreSQL needs root; or set TEST_POSTGRES to the folder of a postgres of your own' >&2
    exit 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  # Debian would make and start a cluster on port 5432.
  conf=/etc/postgresql-common/createcluster.conf
  if [ ! -e "$conf" ]; then
    mkdir -p "$(dirname "$conf")"
    echo 'create_main_cluster = false' > "$conf"
  fi
  {
    apt-get -o DPkg::Lock::Timeout=300 update
    apt-get -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends --no-remove -o Dpkg::Options::=--force-confold postgresql
  } >&2
fi
folder="$(newest)"
if [ -z "$folder" ]; then
  echo 'postgres: Debian’s package brought no /usr/lib/postgresql/*/bin/postgres' >&2
  exit 1
fi
"$folder/postgres" --version >&2
printf '%s\n' "$folder"
