#!/bin/sh
# Installs what runs a real Workflows engine: a Node of its own and wrangler, under var/ (about 250 MB).
#
#   tests/engine/install_node.sh          Node 22 and wrangler 4.164.0 in var/node
#   tests/engine/install_node.sh --old    also wrangler 4.86.0, the older local API, in var/node-old
set -eu

NODE=22.23.3
WRANGLER=4.164.0
OLD_WRANGLER=4.86.0

cd "$(dirname "$0")/../.."

# has DIR PACKAGE VERSION: is exactly this version of the package there?
has() {
    grep -qs "\"version\": \"$3\"" "$1/node_modules/$2/package.json"
}

# add DIR PACKAGE VERSION
add() {
    echo "Installing $2@$3 in $1"
    mkdir -p "$1"
    [ -e "$1/package.json" ] || echo '{"private": true}' >"$1/package.json"
    npm install --prefix "$1" --save-exact --no-audit --no-fund --loglevel=error "$2@$3"
    has "$1" "$2" "$3"
}

if ! command -v npm >/dev/null; then
    echo "npm is needed to install the Workflows engine; it comes with Node (https://nodejs.org)." >&2
    exit 1
fi

# Node comes first and alone: wrangler's own install scripts refuse an older Node, and then find this one.
bin=var/node/node_modules/node/bin
{ has var/node node "$NODE" && [ -x $bin/node ]; } || add var/node node "$NODE"
PATH="$PWD/$bin:$PATH"
has var/node wrangler "$WRANGLER" || add var/node wrangler "$WRANGLER"

if [ "${1:-}" = --old ]; then
    has var/node-old wrangler "$OLD_WRANGLER" || add var/node-old wrangler "$OLD_WRANGLER"
fi

$bin/node var/node/node_modules/wrangler/bin/wrangler.js --version
