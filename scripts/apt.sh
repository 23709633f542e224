#!/bin/sh
# Installs Debian packages, on Debian and Ubuntu, as root or by sudo:  sh scripts/apt.sh octave octave-statistics
# Does nothing where all of them are there; elsewhere it says what to install.
set -eu

missing=""
for package in "$@"; do dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"; done
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "apt.sh: no apt-get here. Install what is in Debian's$missing; then run this again." >&2
    exit 1
fi
sudo=""
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || { echo "apt.sh: not root and no sudo; as root: apt-get install$missing" >&2; exit 1; }
    sudo="sudo"
fi
echo "installing by apt-get:$missing"
$sudo apt-get -q update >/dev/null
# shellcheck disable=SC2086  # a list of packages, to be split
$sudo env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $missing >/dev/null
