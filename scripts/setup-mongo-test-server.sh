#!/usr/bin/env bash
# Installs the MongoDB wire server that the metadata tests run against, in a virtual environment of its own.
# Needs python3 with venv (Debian: python3-venv). Running it again does nothing.
set -euo pipefail

version=0.8.1
folder="$(cd "$(dirname "$0")/.." && pwd)/.cache/nx-27017"
stamp="$folder/installed-$version"

if [[ -e "$stamp" ]]; then
  exit 0
fi
rm -rf "$folder"
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check "nx-27017==$version" neosqlite==1.17.2 pymongo==4.20.0
touch "$stamp"
echo "nx-27017 $version installed in $folder"
