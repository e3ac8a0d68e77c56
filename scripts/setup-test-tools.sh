#!/usr/bin/env bash
# Installs what the tests need beside `npm ci`: Debian packages, an S3 server, a MongoDB wire server and the package
# managers and image clients that the tests drive, in the versions of test-tools.json. All but the Debian packages go
# below .cache/: Docker's engine to .cache/docker, programs in Go to .cache/bin/<name>, each client from npm to
# .cache/clients/<name>-<version>/bin/<name>. A second run finds everything and does nothing; the first builds for up to
# ten minutes, most of it cosign.
set -euo pipefail

root="$(cd "$(dirname "$0")/.." && pwd)"
cache="$root/.cache"

fail() {
  echo "setup-test-tools: $*" >&2
  exit 1
}

# One line for each entry of a list in test-tools.json, its fields separated by tabs.
entries() {
  node -e '
    const list = require(process.argv[1])[process.argv[2]]
    const rows = Array.isArray(list) ? list.map(Object.values) : Object.entries(list)
    for (const row of rows) console.log(row.join("\t"))
  ' "$root/scripts/test-tools.json" "$1"
}

as_root() {
  if [[ "$(id -u)" == 0 ]]; then "$@"; else sudo -n "$@"; fi
}

install_debian_packages() {
  local command package missing=()
  while IFS=$'\t' read -r command package; do
    [[ -n "$(PATH="$PATH:/usr/sbin:/sbin" command -v "$command")" ]] || missing+=("$package")
  done < <(entries debian)
  python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
  [[ ${#missing[@]} -gt 0 ]] || return 0
  command -v apt-get >/dev/null || fail "this machine has no apt-get; install by hand: ${missing[*]}"
  as_root apt-get update -qq
  # Runlevel 1 keeps nginx from starting as a service; a test starts its own.
  as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
    apt-get install -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 "${missing[@]}" >"$cache/apt.log" 2>&1 ||
    fail "apt-get could not install ${missing[*]}: $(tail -3 "$cache/apt.log")"
  echo "Debian packages: ${missing[*]}"
}

# What would start services if it were installed: only its files, below .cache/<name>.
unpack_debian_packages() {
  local name packages package folder
  while IFS=$'\t' read -r name packages; do
    folder="$cache/$name"
    [[ -d "$folder" ]] && continue
    command -v apt-get >/dev/null || fail "this machine has no apt-get, by which $packages are fetched"
    rm -rf "$folder.unfinished"
    mkdir -p "$folder.unfinished"
    # shellcheck disable=SC2086 # A list.
    (cd "$folder.unfinished" && { apt-get download -qq ${packages//,/ } ||
      { as_root apt-get update -qq && apt-get download -qq ${packages//,/ }; }; }) >"$cache/apt.log" 2>&1 ||
      fail "apt-get could not fetch $packages: $(tail -3 "$cache/apt.log")"
    for package in "$folder.unfinished"/*.deb; do
      dpkg-deb --extract "$package" "$folder.unfinished"
      rm "$package"
    done
    mv "$folder.unfinished" "$folder"
    echo "$name: $packages"
  done < <(entries unpacked)
}

# Go links in a folder of ours: a small /tmp has no room for programs of 140 MB. Without symbols they are a third
# smaller, and still say which module and version they are (`go version -m`).
install_go_tools() {
  local name package version
  while IFS=$'\t' read -r name package version; do
    [[ "$(cat "$cache/bin/$name.version" 2>/dev/null)" == "$version" && -x "$cache/bin/$name" ]] && continue
    command -v go >/dev/null || fail "$name $version is built with Go, which this machine does not have"
    mkdir -p "$cache/go-build"
    GOTMPDIR="$cache/go-build" GOBIN="$cache/bin" go install -ldflags='-s -w' "$package@$version" </dev/null \
      2>"$cache/go.log" || fail "$name $version: $(tail -3 "$cache/go.log")"
    echo "$version" >"$cache/bin/$name.version"
    echo "$name $version"
  done < <(entries go)
  rm -rf "$cache/go-build"
}

# No client needs its install script: what it would link is found by the pattern in test-tools.json.
install_client() {
  local name="$1" package="$2" version="$3" program="$4"
  local folder="$cache/clients/$name-$version"
  [[ -x "$folder/bin/$name" ]] && return
  local unfinished="$folder.unfinished"
  rm -rf "$folder" "$unfinished"
  mkdir -p "$unfinished/bin"
  npm install --prefix "$unfinished" --ignore-scripts --no-audit --no-fund --loglevel=error "$package@$version" \
    >"$cache/client.log" 2>&1 || fail "$name $version: $(tail -3 "$cache/client.log")"
  local found
  found="$(cd "$unfinished" && compgen -G "$program" | head -1)" || fail "$name $version has no $program here"
  chmod +x "$unfinished/$found"
  ln -s "../$found" "$unfinished/bin/$name"
  [[ "$("$unfinished/bin/$name" --version)" == *"$version"* ]] || fail "$name $version does not run"
  mv "$unfinished" "$folder"
  echo "$name $version"
}

install_clients() {
  local name package version program
  while IFS=$'\t' read -r name package version program; do
    install_client "$name" "$package" "$version" "$program"
  done < <(entries clients)
}

mkdir -p "$cache/bin" "$cache/clients"
# The pinned Node, which the newest clients need.
PATH="$(dirname "$("$root/scripts/node" -p process.execPath)"):$PATH"
export PATH
install_debian_packages
unpack_debian_packages
install_go_tools
install_clients
"$root/scripts/setup-mongo-test-server.sh"
"$root/scripts/setup-schemathesis.sh"
