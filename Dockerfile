# syntax=docker/dockerfile:1
# One image with every program that is shipped: panos-upgrade, panos-upgrade-worker, panos-upgrade-dashboard and
# panos-simulator. It runs as user 10001 and with a root file system that is read-only.
#
#   docker build -t panos-upgrade:0.1.0 .
#   docker run --rm --read-only panos-upgrade:0.1.0
#
# The base images are named by tag, so that security updates of theirs arrive. To build from exactly one, name it by
# its digest, which `docker buildx imagetools inspect debian:bookworm-slim` prints:
#
#   docker build --build-arg RUST_IMAGE=rust@sha256:... --build-arg RUNTIME_IMAGE=debian@sha256:... .

# The Debian release of both is the same, so that the C library is.
ARG RUST_IMAGE=rust:1.95-slim-bookworm
ARG RUNTIME_IMAGE=debian:bookworm-slim

# What the dependencies follow from, and nothing else: manifests, and an empty file for each target they name.
FROM ${RUST_IMAGE} AS manifests
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
WORKDIR /src
COPY . .
RUN find . -type f ! -name Cargo.toml ! -name Cargo.lock -delete \
    && find . -mindepth 2 -name Cargo.toml | while read -r manifest; do \
        crate=$(dirname "$manifest"); \
        install -D /dev/null "$crate/src/lib.rs"; \
        sed -n 's/^path = "\(.*\.rs\)"$/\1/p' "$manifest" | while read -r target; do \
            install -D /dev/null "$crate/$target" && echo 'fn main() {}' >"$crate/$target"; \
        done; \
    done

# Compiled again only when a manifest or the lock file changes: a copy from a stage is compared by its contents.
FROM ${RUST_IMAGE} AS dependencies
WORKDIR /src
COPY --from=manifests /src .
RUN cargo build --release --locked

# The default members of the workspace are the programs; `--locked` takes the versions that were tested.
FROM dependencies AS build
COPY . .
# Newer than what the stage before compiled from the empty files; cargo goes by the time of a file.
RUN find . -name '*.rs' -not -path './target/*' -exec touch {} + \
    && cargo build --release --locked \
    && install -D --target-directory=/out \
        target/release/panos-upgrade \
        target/release/panos-upgrade-worker \
        target/release/panos-upgrade-dashboard \
        target/release/panos-simulator

FROM ${RUNTIME_IMAGE}
LABEL org.opencontainers.image.title="panos-upgrade" \
    org.opencontainers.image.description="Pre-stages PAN-OS images on fleets of firewalls, and proves what it did" \
    org.opencontainers.image.version="0.1.0" \
    org.opencontainers.image.licenses="MIT"
# The programs trust the system's roots unless told otherwise.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home --home-dir /var/lib/panos-upgrade panos-upgrade \
    && install -d -o panos-upgrade /srv/demo
COPY --from=build /out/ /usr/local/bin/
COPY scripts/probe.sh /usr/local/bin/probe
COPY scripts/in-demo.sh /usr/local/bin/in-demo
# By number, so that Kubernetes can see that it is not root.
USER 10001
WORKDIR /var/lib/panos-upgrade
# The first one makes every program here leave in order.
STOPSIGNAL SIGTERM
CMD ["panos-upgrade", "--help"]
