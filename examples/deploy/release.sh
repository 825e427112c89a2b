#!/usr/bin/env bash
# Builds a release of sortie on this host, for this host's platform. See: sortie help install
#
#   examples/deploy/release.sh                     everything, into target/release-files
#   examples/deploy/release.sh --only facts        print what would be built; builds nothing
#   examples/deploy/release.sh --only binary       the program alone, for a container
#   examples/deploy/release.sh --only check FILE   check the size and the paths of a program
#
# Other options: --out DIR, --features LIST (none for no optional feature), --allow-dirty.
#
# It refuses a tree with changes, because the program names its commit. Two builds of one commit with the same compiler
# give the same bytes: no path and no time of the host enters a file. Needs Rust, a C compiler and binutils; cargo-deb for the
# Debian package.
set -euo pipefail

readonly SIZE_MAX=16000000
root=$(cd "$(dirname "$0")/../.." && pwd -P)
cd "$root"

only=all out=target/release-files features= given_file= allow_dirty=no
while [ $# -gt 0 ]; do
  case $1 in
    --only) only=${2:?--only needs facts, binary, check or all}; shift ;;
    --out) out=${2:?--out needs a directory}; shift ;;
    --features) features=${2:?--features needs a list, or none}; shift ;;
    --allow-dirty) allow_dirty=yes ;;
    -*) echo "release: unknown option $1" >&2; exit 2 ;;
    *) given_file=$1 ;;
  esac
  shift
done

stop() { echo "release: $*" >&2; exit 1; }
say() { echo "release: $*" >&2; }

# --- facts -----------------------------------------------------------------------------------------------------------

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
target=$(rustc -vV | sed -n 's/^host: //p')
cargo_home=${CARGO_HOME:-$HOME/.cargo}
name=sortie-$version-$target
# Of this script alone: its flags differ from those of other builds.
build=target/dist
stage=target/stage

# Secret stores of the platform need its keyring; Linux has none.
if [ -z "$features" ]; then
  case $target in
    *-linux-*) features=xlsx,mail ;;
    *) features=xlsx,mail,keyring ;;
  esac
fi
[ "$features" != none ] || features=

# The commit comes from git, or from the variable where there is no git, as in a container.
is_dirty=no
commit=${SORTIE_COMMIT:-}
if [ -z "$commit" ] && git rev-parse --verify --quiet HEAD >/dev/null 2>&1; then
  commit=$(git rev-parse HEAD)
  if [ -n "$(git status --porcelain)" ]; then
    is_dirty=yes commit=$commit+changes
  fi
  SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
fi
export SORTIE_COMMIT=$commit SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-0}

facts() {
  cat <<END
version   $version
commit    ${commit:-unknown}
date      $SOURCE_DATE_EPOCH
target    $target
features  ${features:-none}
files     $out
END
}

# --- program ---------------------------------------------------------------------------------------------------------

# Directories of this host and what stands in their place in the program. A later line outranks an earlier one.
replaced_paths() {
  printf '%s\n' "$HOME=home" "$cargo_home=cargo" "$(rustc --print sysroot)=rust" "$root=sortie"
  for directory in "$cargo_home"/registry/src/*; do
    printf '%s\n' "$directory=crates"
  done
}

compile() {
  cargo fetch --locked --target "$target" >&2
  local rust_flags='' c_flags=${CFLAGS:-}
  while read -r pair; do
    rust_flags+="${rust_flags:+$'\x1f'}--remap-path-prefix=$pair"
    c_flags+=" -ffile-prefix-map=$pair"
  done < <(replaced_paths)
  # Names of functions stay until the split, so that the symbol file has them.
  CARGO_ENCODED_RUSTFLAGS=$rust_flags CFLAGS=$c_flags CARGO_PROFILE_RELEASE_STRIP=none \
    cargo build --release --locked --bin sortie --target-dir "$build" \
    --no-default-features ${features:+--features "$features"} >&2
}

# The program without symbols, and the symbols in a file of their own: with both in one directory, a backtrace has names.
split() {
  mkdir -p "$out"
  cp "$build/release/sortie" "$out/sortie"
  if command -v objcopy >/dev/null; then
    objcopy --only-keep-debug "$out/sortie" "$out/sortie.debug"
    objcopy --strip-all "$out/sortie"
    (cd "$out" && objcopy --add-gnu-debuglink=sortie.debug sortie)
    chmod 644 "$out/sortie.debug"
  else
    strip "$out/sortie"
  fi
}

# Refuses a program that is too large, or that names a directory of this host.
check() {
  local size path
  size=$(wc -c < "$1" | tr -d ' ')
  [ "$size" -lt "$SIZE_MAX" ] || stop "$1 has $size bytes; the limit is $SIZE_MAX"
  for path in "$root" "$HOME" "$cargo_home" "$(rustc --print sysroot)"; do
    # The program itself names /root: what systemd starts cannot write there.
    case $path in / | /root) continue ;; esac
    ! grep -aqF -- "$path/" "$1" || stop "$1 names the directory $path of this host"
  done
  say "$1: $size bytes, no path of this host"
}

binary() {
  compile
  split
  check "$out/sortie"
  "$out/sortie" version --verbose >&2
}

# --- files beside the program ----------------------------------------------------------------------------------------

# Manual and completions, made by the program itself. The Debian package takes them from there.
documents() {
  rm -rf "$stage"
  mkdir -p "$stage/man" "$stage/completions"
  "$out/sortie" man --out "$stage/man" >&2
  for shell in bash zsh fish powershell elvish; do
    "$out/sortie" completions "$shell" > "$stage/completions/sortie.$shell"
  done
}

# An archive with the same bytes each time: sorted, without owners, dated by the commit.
pack() {
  local archive=$1 directory=$2 entry=$3 tar
  for tar in gtar tar; do
    ! "$tar" --version 2>/dev/null | grep -q 'GNU tar' || break
  done
  "$tar" --version | grep -q 'GNU tar' || stop "the archive needs GNU tar; on macOS: brew install gnu-tar"
  "$tar" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" --format=gnu \
    -C "$directory" -cf - "$entry" | gzip -9n > "$archive"
}

archive() {
  local content=$stage/$name
  mkdir -p "$content/examples"
  cp "$out/sortie" README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE "$content"
  cp -R "$stage/man" "$stage/completions" "$content"
  cp -R examples/deploy/{systemd,launchd,cron,metrics,policy.toml} jobs "$content/examples"
  chmod -R u=rwX,go=rX "$content"
  pack "$out/$name.tar.gz" "$stage" "$name"
}

parts_list() {
  local sbom=$stage/sbom sqlite
  rustc --edition 2024 -O -o "$sbom" examples/deploy/sbom.rs
  tree() {
    cargo tree --locked --target "$target" --no-default-features ${features:+--features "$features"} \
      --edges "$1" --prefix depth --format '{p}|{l}'
  }
  tree normal,no-proc-macro > "$stage/binary.tree"
  tree normal,build > "$stage/whole.tree"
  sqlite=$("$out/sortie" version --format json | sed -n 's/.*"sqlite":"\([^"]*\)".*/\1/p')
  "$sbom" Cargo.lock "$stage/binary.tree" "$stage/whole.tree" "$version" "${commit:-unknown}" "$sqlite" > "$out/$name.cdx.json"
}

debian_package() {
  case $target in *-linux-gnu) ;; *) return 0 ;; esac
  if ! cargo deb --version >/dev/null 2>&1; then
    say "no Debian package: cargo-deb is not installed"
    return 0
  fi
  # cargo-deb takes the program from the target directory.
  cp "$out/sortie" "$build/release/sortie"
  CARGO_TARGET_DIR=$build cargo deb --no-build --no-strip --locked --output "$out/" >&2
}

# SHA-256 of files, as sha256sum prints it; macOS has another name for the tool.
checksum() {
  if command -v sha256sum >/dev/null; then sha256sum "$@"; else shasum -a 256 "$@"; fi
}

# The source of this commit, and the formula that builds it.
formula() {
  if ! git rev-parse --verify --quiet HEAD >/dev/null 2>&1; then
    say "no source archive and no formula: this is no clone"
    return 0
  fi
  local source=sortie-$version-source.tar.gz sum
  git archive --format=tar --prefix="sortie-$version/" HEAD | gzip -9n > "$out/$source"
  sum=$(checksum "$out/$source" | cut -d ' ' -f 1)
  sed -e "s|@URL@|${SORTIE_DOWNLOADS:-https://example.com/sortie}/$source|" -e "s|@SHA256@|$sum|" \
    -e "s|@COMMIT@|$commit|" examples/deploy/homebrew/sortie.rb > "$out/sortie.rb"
}

sums() {
  local file files=()
  for file in "$out"/*; do
    [ ! -f "$file" ] || [ "${file##*/}" = SHA256SUMS ] || files+=("${file##*/}")
  done
  (cd "$out" && checksum "${files[@]}" > SHA256SUMS)
  cat "$out/SHA256SUMS"
}

# --- steps -----------------------------------------------------------------------------------------------------------

case $only in
  facts) facts; exit 0 ;;
  check) check "${given_file:?--only check needs a program}"; exit 0 ;;
  binary | all) ;;
  *) echo "release: --only takes facts, binary, check or all" >&2; exit 2 ;;
esac
[ "$is_dirty" = no ] || [ "$allow_dirty" = yes ] || stop "the tree has changes: commit them, or give --allow-dirty"
facts >&2
binary
[ "$only" = all ] || exit 0
documents
archive
parts_list
debian_package
formula
sums
