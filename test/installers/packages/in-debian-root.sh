# Runs in a fresh Debian root as root, with both packages in /root. Every line must hold (sh -e).
export DEBIAN_FRONTEND=noninteractive FERRY_LANG=en
cd /root
dpkg -i ./ferry-*.deb
test "$(stat -c %U:%G:%a /etc/ferry)" = root:ferry:1775
test "$(stat -c %U:%G:%a /var/lib/ferry)" = ferry:ferry:700
test "$(stat -c %U:%G:%a /var/lib/ferry-center)" = ferry-center:ferry-center:700
test -L /etc/systemd/system/multi-user.target.wants/ferry.service
ferry init --device CT1
ferry-center init --name C --public-url https://localhost:8443 --recovery-key /var/lib/ferry-center/recovery-key.txt
ferry config check
ferry-center config check
test "$(stat -c %U /etc/ferry/ferry.yaml)" = ferry
test "$(stat -c %U /var/lib/ferry-center/register.sqlite)" = ferry-center
dpkg -i ./ferry-*.deb
dpkg -r ferry-agent ferry-center
test ! -e /usr/lib/ferry-agent
test -e /etc/ferry/ferry.yaml
test "$(cat /var/lib/ferry/purge-count)" = 0
mkdir -p /var/lib/ferry/spool && echo sealed > /var/lib/ferry/spool/instance
dpkg -i ./ferry-agent_*.deb && dpkg -r ferry-agent
test "$(cat /var/lib/ferry/purge-count)" = unknown
if dpkg -P ferry-agent; then echo 'purge deleted what is not confirmed'; exit 1; fi
test -e /var/lib/ferry/spool/instance
if dpkg -P ferry-center; then echo 'purge deleted the keys of the center'; exit 1; fi
test -e /var/lib/ferry-center/keys
echo 'delete what is not confirmed' > /etc/ferry/purge-ferry-center
dpkg -P ferry-center
test ! -e /var/lib/ferry-center
FERRY_PURGE='delete what is not confirmed' dpkg -P ferry-agent
test ! -e /var/lib/ferry
test ! -e /etc/ferry
echo 'all is well'
