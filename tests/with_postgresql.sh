#!/usr/bin/env bash
# Runs a command with DATABASE_URL at a PostgreSQL server of its own, which goes away with it.
#   bash tests/with_postgresql.sh make test
# Needs Debian's postgresql package. The server refuses to run as root: as root it is started as
# the user that the package made.
set -euo pipefail

programs=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$programs" ] || { echo "PostgreSQL is not installed (Debian: apt-get install postgresql)"; exit 1; }

folder=$(mktemp -d)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

as_owner() {
  if [ "$(id -u)" = 0 ]; then (cd / && setpriv --reuid postgres --regid postgres --init-groups "$@"); else "$@"; fi
}

stop() {
  as_owner "$programs/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$folder"
}
trap stop EXIT
# else bash ends without the former
trap 'exit 143' HUP INT TERM

if [ "$(id -u)" = 0 ]; then chown postgres "$folder"; fi
as_owner "$programs/initdb" -D "$folder/data" -U console --auth=trust --encoding=UTF8 >/dev/null
# fsync: what a crash loses here, nobody misses
as_owner "$programs/pg_ctl" -D "$folder/data" -w -l "$folder/log" -o \
  "-h 127.0.0.1 -p $port -k $folder -c fsync=off -c max_connections=300" start >/dev/null

export DATABASE_URL="postgres://console@127.0.0.1:$port/postgres"
"$@"
