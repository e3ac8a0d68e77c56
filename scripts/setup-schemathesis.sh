#!/usr/bin/env bash
# Installs what asks the REST API everything that its description allows and forbids, in a virtual environment of its own.
# Needs python3 with venv (Debian: python3-venv). Running it again does nothing.
set -euo pipefail

root="$(cd "$(dirname "$0")/.." && pwd)"
folder="$root/.cache/schemathesis"
requirements="$root/scripts/schemathesis-requirements.txt"

if cmp -s "$requirements" "$folder/installed.txt"; then
  exit 0
fi
rm -rf "$folder"
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$requirements"
cp "$requirements" "$folder/installed.txt"
echo "$("$folder/bin/schemathesis" --version) installed in $folder"
