#!/bin/sh
# The steps of the images: Containerfile and tierwise.def call them, and `make container-test` runs them in a
# bare Debian root. As root, in a Debian 12 without anything else:
#
#   steps.sh build SOURCE  makes /opt/tierwise from a checkout: the program and its environment, from the lock
#   steps.sh run           makes the image that this is copied into: Python, and the user that runs it
#
# MPI=site leaves the MPI runtime to the site, whose own is bound into the container; default: the wheel's.
# Registries, proxies and certificates are those that apt, pip and uv are configured with; none is named here.
set -eu

packages() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -qq -y -o Dpkg::Use-Pty=0 --no-install-recommends "$@" > /dev/null
    rm -rf /var/lib/apt/lists/*
}

build() {
    packages ca-certificates make python3 python3-venv
    mkdir -p /opt
    cp -R "$1" /opt/tierwise
    cd /opt/tierwise
    rm -rf .venv
    make setup PYTHON=/usr/bin/python3 MPI="${MPI:-wheel}"
    # everybody reads it, nobody but root changes it
    chmod -R go-w,a+rX /opt/tierwise
}

run() {
    packages ca-certificates python3
    useradd --system --uid 10001 --home-dir /var/lib/tierwise --shell /usr/sbin/nologin tierwise
    install -d -m 0700 -o tierwise -g tierwise /var/lib/tierwise
}

case "${1:-} $#" in
    "build 2") build "$2" ;;
    "run 1") run ;;
    *) echo "expected: steps.sh build SOURCE, or steps.sh run" >&2; exit 2 ;;
esac
