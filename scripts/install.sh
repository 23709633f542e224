#!/bin/sh
# Installs this checkout into .venv:  sh scripts/install.sh         what `glm-conformance gate` needs
#                                     sh scripts/install.sh test    what the tests need too, R included
set -eu
cd "$(dirname "$0")/.."

case "${1:-}" in
    "") extra="" ;;
    test) extra="[test]"; sh scripts/install-r.sh ;;
    *) echo "usage: sh scripts/install.sh [test]" >&2; exit 2 ;;
esac

python=""
for candidate in python3.11 python3.12 python3.13 python3; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python="$candidate"; break; fi
done
[ -n "$python" ] || { echo "install: Python 3.11 or newer is needed" >&2; exit 1; }
if ! "$python" -c 'import ensurepip' 2>/dev/null; then # Debian keeps this apart from Python itself
    sh scripts/apt.sh python3-venv
fi
[ -x .venv/bin/python ] || "$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check -e ".$extra"
echo "installed glm-conformance into .venv"
