# syntax=docker/dockerfile:1
# One image with every program that is shipped: panos-upgrade, panos-upgrade-worker, panos-simulator.
#
#   docker build -t panos-upgrade .
#   docker run --rm panos-upgrade panos-upgrade --help

# The Debian release of both stages is the same, so that the C library is.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
# The default members of the workspace are the programs; `--locked` takes the versions that were tested.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked \
    && install -D --target-directory=/out \
        target/release/panos-upgrade target/release/panos-upgrade-worker target/release/panos-simulator

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home --home-dir /var/lib/panos-upgrade panos-upgrade \
    && install -d -o panos-upgrade /demo
COPY --from=build /out/ /usr/local/bin/
COPY scripts/in-demo.sh /usr/local/bin/in-demo
# By number, so that Kubernetes can see that it is not root.
USER 10001
WORKDIR /var/lib/panos-upgrade
STOPSIGNAL SIGTERM
CMD ["panos-upgrade", "--help"]
