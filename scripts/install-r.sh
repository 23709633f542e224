#!/bin/sh
# Installs R with what the references need (MASS, statmod), what builds rpy2, and Node for the example adapter, on
# Debian and Ubuntu.
# Elsewhere it says what to install.  Does nothing where everything is there already.
set -eu

more="$*" # further Debian packages, such as r-cran-mgcv
packages="r-base-core r-base-dev r-cran-mass r-cran-statmod python3-dev python3-venv nodejs $more"
have() { command -v "$1" >/dev/null 2>&1; }
have_more() { for one in $more; do dpkg -s "$one" >/dev/null 2>&1 || return 1; done; }

if have_more && have R && have gcc && have node && R --vanilla --slave -e 'stopifnot(requireNamespace("MASS"), requireNamespace("statmod"))' \
    >/dev/null 2>&1 && [ -e "$(R RHOME)/lib/libR.so" ]; then
    echo "R is there: $(R --version | head -n 1)"
    exit 0
fi
if ! have apt-get; then
    echo "install-r: no apt-get here. Install R >= 4.0 built as a shared library, its packages MASS and statmod," >&2
    echo "           a C compiler and Node; then run this again." >&2
    exit 1
fi
# shellcheck disable=SC2086  # a list of packages, to be split
sh "$(dirname "$0")/apt.sh" $packages
R --version | head -n 1
