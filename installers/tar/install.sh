#!/bin/sh
# Installs or removes @packageName@ on a Linux system without deb or rpm. Run it as root, in the unpacked folder.
#   sh install.sh            installs, or upgrades over an installed one
#   sh install.sh --remove   removes the program; keeps /etc/ferry and @dataFolder@
set -eu
umask 022
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
list=/usr/lib/@packageName@.files

[ "$(id -u)" = 0 ] || { echo "install.sh: run this as root (sudo sh install.sh)" >&2; exit 1; }
case "${1:-}" in
  '' | --remove) ;;
  *) echo "install.sh: found '$1'; expected no option, or --remove" >&2; exit 2 ;;
esac
if [ -e /usr/lib/@packageName@ ] && [ ! -e "$list" ]; then
  echo "install.sh: @packageName@ is installed as a package of this system; upgrade or remove it with the package program" >&2
  exit 1
fi

booted() { [ -d /run/systemd/system ]; }
remove_files() {
  [ -e "$list" ] || return 0
  while IFS= read -r file; do rm -f "/$file"; done < "$list"
  rm -rf /usr/lib/@packageName@ /usr/share/doc/@packageName@ "$list"
}

if [ "${1:-}" = --remove ]; then
  if booted; then systemctl disable --now @unit@ || true; fi
  remove_files
  if booted; then systemctl daemon-reload; fi
  echo "@packageName@ is removed. /etc/ferry and @dataFolder@ are kept."
  exit 0
fi

getent group ferry >/dev/null || groupadd --system ferry
getent group @user@ >/dev/null || groupadd --system @user@
getent passwd @user@ >/dev/null ||
  useradd --system --gid @user@ --home-dir @dataFolder@ --no-create-home --shell /usr/sbin/nologin --comment Ferry @user@
usermod --append --groups ferry @user@
mkdir -p /etc/ferry
chown root:ferry /etc/ferry
chmod 1775 /etc/ferry
if [ ! -e @dataFolder@ ]; then
  mkdir -m 0700 @dataFolder@
  chown @user@:@user@ @dataFolder@
fi
# A running program keeps the files that it has open; it is started again at the end.
remove_files
(cd "$here/files" && find . -type f ! -path './usr/share/lintian/*' | sed 's,^\./,,' | LC_ALL=C sort) > "$list"
while IFS= read -r file; do
  mkdir -p "/$(dirname -- "$file")"
  cp -p "$here/files/$file" "/$file"
  chown root:root "/$file"
done < "$list"
if booted; then
  systemctl daemon-reload
  systemctl enable @unit@
  systemctl restart --no-block @unit@
fi
echo "@packageName@ is installed. Next: @command@ --help"
