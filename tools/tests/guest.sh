#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The tools against a kernel that has vctx: what a tree of ordinary files cannot
# show.  Runs as root in a guest, which may be changed; prints TAP.
set -u

vctx=/sys/fs/vctx
dir=$(mktemp -d)
conf=$dir/conf
nr=0 failed=0 watcher=
trap 'kill $watcher 2>/dev/null; rm -rf "$dir"' EXIT
export LC_ALL=C NO_COLOR=1

[ -e $vctx/summary ] || mount -t vctx vctx $vctx || {
	echo "1..0 # SKIP the kernel has no vctx"
	exit 0
}
chmod 755 "$dir"
mkdir "$conf"

ok()	# STATUS NAME
{
	nr=$((nr + 1))
	if [ "$1" = 0 ]; then
		echo "ok $nr - $2"
	else
		failed=$((failed + 1))
		echo "not ok $nr - $2"
		sed 's/^/# /' "$dir/check" "$dir/out" "$dir/err" "$dir/log" \
			2>/dev/null
	fi
}

check()	# NAME CONDITION..., which may look at out and err
{
	local name=$1
	shift
	"$@" >"$dir/check" 2>&1
	ok $? "$name"
}

run()	# NAME STATUS COMMAND...: what it prints is in out and err
{
	local name=$1 status=$2
	shift 2
	"$@" >"$dir/out" 2>"$dir/err" </dev/null
	[ $? = "$status" ]
	ok $? "$name"
}

until_true()
{
	for _ in $(seq 200); do
		"$@" 2>/dev/null && return 0
		sleep 0.1
	done
	return 1
}

status()	# ID KEY
{
	sed -n "s/^$2 //p" $vctx/"$1"/status
}

limits()	# ID RESOURCE
{
	sed -n "s/^$2 .* \(soft .*\) fail.*/\1/p" $vctx/"$1"/limits
}

sched()		# ID KEY
{
	sed -n "s/^$2 //p" $vctx/"$1"/sched
}

echo 'TAP version 13'

# vctl

printf 'id = 100\nflags = lock\n[limits]\nnproc = 5:6\nnofile = 1K\n[sched]\nweight = 200\ncpu = 150%%\nburst = 50ms\nnice = 5\n' \
	>"$conf/web.conf"
printf 'id = 101\nname = mail\n' >"$conf/mail.conf"
run 'vctl diff of contexts that do not exist' 1 vctl -d "$conf" diff
run 'vctl apply' 0 vctl -d "$conf" apply
check 'it is silent' test ! -s "$dir/err"
check 'a context is made, with a name' [ "$(status 100 name)" = web ]
check 'with flags' [ "$(status 100 flags)" = lock,sched ]
check 'with limits' [ "$(limits 100 nproc)" = 'soft 5 hard 6' ]
check 'with a share' [ "$(sched 100 sched)" = on ]
check 'with its weight' [ "$(sched 100 weight)" = 200 ]
check 'with its cap' [ "$(sched 100 max)" = '150000 100000' ]
check 'with a least nice value' [ "$(sched 100 nice)" = 5 ]
check 'and the other one' [ "$(status 101 name)" = mail ]
run 'vctl diff is clean' 0 vctl -d "$conf" diff
vlimit -c 100 nproc=7 npty=9: >"$dir/out" 2>&1 || vlimit -c 100 nproc=7
run 'vctl diff sees a change' 1 vctl -d "$conf" diff web
check 'and shows it' grep -qx '+nproc = 5:7' "$dir/out"
run 'vctl apply takes it back' 0 vctl -d "$conf" apply
run 'vctl diff is clean again' 0 vctl -d "$conf" diff
vsched -c 100 weight=50 cpu=max rt=allow sched=off
run 'vctl diff sees another share' 1 vctl -d "$conf" diff web
check 'and shows it' diff "$dir/out" - <<-END
	--- $conf/web.conf
	+++ context 100
	 [sched]
	-weight = 200
	+weight = 50
	-cpu = 150%
	+rt = allow
	-sched = on
END
run 'vctl apply takes that back' 0 vctl -d "$conf" apply
run 'vctl diff is clean once more' 0 vctl -d "$conf" diff
vsched -c 101 weight=50 nice=3
run 'vctl apply of a file without a section' 0 vctl -d "$conf" apply mail
check 'takes the share away' [ "$(sched 101 sched)" = off ]
check 'and what else was set' [ "$(sched 101 weight) $(sched 101 nice)" = '100 -20' ]

# Refused in the midst: what was done before is taken back.
cp -r "$conf" "$dir/other"
sed -i 's/id = 100/&\nname = www/; s/5:6/50:60/' "$dir/other/web.conf"
sed -i 's/mail/post/' "$dir/other/mail.conf"
mv "$dir/other/mail.conf" "$dir/other/z.conf"
echo 'id = 99' >"$dir/other/a.conf"
mount --bind $vctx/101 $vctx/101
mount -o remount,ro,bind $vctx/101
run 'vctl apply that is refused' 1 vctl -d "$dir/other" apply
check 'says why' grep -q 'context 101: its name: Read-only file system' "$dir/err"
check 'and that nothing was applied' grep -qx 'vctl: nothing was applied' "$dir/err"
umount $vctx/101
check 'a name is as it was' [ "$(status 100 name)" = web ]
check 'limits are as they were' [ "$(limits 100 nproc)" = 'soft 5 hard 6' ]
check 'what was made is gone' until_true [ ! -e $vctx/99 ]
run 'vctl apply of a name that is taken' 1 sh -c "
	printf 'id = 102\nname = mail\n' >'$dir/taken.conf'; vctl apply '$dir/taken.conf'"
check 'makes no context' [ ! -e $vctx/102 ]

# Addresses and devices
printf 'id = 110\n[addresses]\naddress = fd00::2, 127.0.0.9\n[devices]\nc 1:3 rw\nc 1:11 w\nc 136:* rw\n' \
	>"$dir/lists.conf"
run 'vctl apply of addresses and devices' 0 vctl apply "$dir/lists.conf"
check 'binds the context' [ "$(grep -c '^address' $vctx/110/addresses)" = 2 ]
check 'allows what is listed, and nothing else' [ "$(sort $vctx/110/devices | tr '\n' ' ')" = \
	'c 136:* rw c 1:11 w c 1:3 rw ' ]
run 'vctl diff of these' 0 vctl diff "$dir/lists.conf"
run 'members open what is listed' 0 chcontext --silent --ctx 110 sh -c ': >/dev/null'
run 'and nothing else' 1 chcontext --silent --ctx 110 dd if=/dev/zero of=/dev/null count=1
run 'chcontext --device' 0 chcontext --silent --ctx 110 --device 'c 1:5 r' \
	dd if=/dev/zero of=/dev/null count=1
run 'vctl diff sees it' 1 vctl diff "$dir/lists.conf"
check 'and shows it' grep -qx '+c 1:5 r' "$dir/out"
run 'vctl save of these' 0 vctl save "$dir/110.conf"
run 'is what is so' 0 vctl diff "$dir/110.conf"
check 'and has all of it' grep -qx 'address = 127.0.0.9, fd00::2' "$dir/110.conf"
sed -i '/^c/d; s/127.0.0.9/127.0.0.8/' "$dir/lists.conf"
run 'vctl apply of others' 0 vctl apply "$dir/lists.conf"
check 'allows nothing' [ ! -s <(cat $vctx/110/devices) ]
check 'binds it to others' grep -qx 'address 127.0.0.8' $vctx/110/addresses
# Refused: a name that is taken; then in the midst
{ sed 's/127.0.0.8/127.0.0.7/' "$dir/lists.conf"; echo 'c 1:5 rw'; } >"$dir/first.conf"
printf 'id = 111\nname = mail\n' >"$dir/second.conf"
run 'vctl apply that is refused' 1 vctl apply "$dir/first.conf" "$dir/second.conf"
check 'leaves addresses' grep -qx 'address 127.0.0.8' $vctx/110/addresses
mkdir "$dir/before" $vctx/111
cp "$dir/lists.conf" "$dir/before"
echo 'name second' >$vctx/111/status
printf 'id = 111\n[devices]\nc 1:3 rw\n' >"$dir/second.conf"
mount --bind $vctx/111 $vctx/111
mount -o remount,ro,bind $vctx/111
run 'vctl apply that is refused midway' 1 vctl apply "$dir/first.conf" "$dir/second.conf"
check 'says why' grep -q 'context 111: its devices: Read-only file system' "$dir/err"
check 'and that nothing was applied' grep -qx 'vctl: nothing was applied' "$dir/err"
umount $vctx/111
run 'takes back addresses and devices' 0 vctl diff "$dir/before/lists.conf"
sed -i '/addr/d; /dev/d' "$dir/lists.conf"
run 'vctl apply of a file without both' 0 vctl apply "$dir/lists.conf"
check 'warns of addresses' grep -q 'keeps its addresses' "$dir/err"
check 'allows what a new context may use' diff $vctx/110/devices $vctx/100/devices
run 'chcontext --device in a fresh context' 0 chcontext --silent --device /dev/kmsg:w \
	sh -c ': >/dev/kmsg'
run 'without it' 2 chcontext --silent sh -c ': >/dev/kmsg'
run 'chcontext --device by nobody' 255 setpriv --reuid 65534 --clear-groups \
	chcontext --silent --device /dev/kmsg:w true
until_true rmdir $vctx/110 2>/dev/null
until_true rmdir $vctx/111 2>/dev/null

run 'vctl save' 0 vctl -d "$dir/saved" save
run 'what is saved is good' 0 vctl -d "$dir/saved" check
run 'and is what is so' 0 vctl -d "$dir/saved" diff
check 'and what was applied' diff \
	<(grep -v '^#\|^$\|^name' "$conf/web.conf") \
	<(grep -v '^#\|^$\|^name' "$dir/saved/web.conf" | sed 's/1024/1K/')
run 'vctl apply by nobody' 1 setpriv --reuid 65534 --clear-groups \
	vctl apply "$dir/other/web.conf"
check 'says why not' grep -q 'only root outside of all contexts' "$dir/err"
run 'vctl apply in a context' 1 chcontext --silent vctl apply "$conf/web.conf"

# vlimit --watch

said()	# LINE, without the time
{
	until_true grep -q "^[^ ]* $1\$" "$dir/log"
}
# shellcheck disable=SC2016
vlimit --watch --on-fail 'echo "ran $VCTX_ID $VCTX_NAME $VCTX_RESOURCE" >>'"$dir/ran" \
	>"$dir/log" 2>&1 &
watcher=$!
sleep 1
until_true mkdir $vctx/103
check 'a context that is made is told' said '103 - - made 1'
# shellcheck disable=SC2016
chcontext --ctx web --silent bash -c '
	for i in 1 2 3 4 5 6 7 8; do (exec sleep 2) & done 2>/dev/null; wait' 2>/dev/null
check 'a soft limit is told' said '100 web nproc soft 1'
check 'a refusal is told' said '100 web nproc hard [0-9]*'
check 'that it is empty is told' said '100 web - empty 1'
check 'the command has run' until_true grep -qx 'ran 100 web nproc' "$dir/ran"
hits=$(sed -n 's/^nproc.hard //p' $vctx/100/events)
check 'as many refusals are told as there were' [ "$(awk '$2 == 100 &&
	$4 == "nproc" && $5 == "hard" { n += $6 } END { print n + 0 }' "$dir/log")" = "$hits" ]
rmdir $vctx/103
check 'a context that is removed is told' said '103 - - gone 1'
chcontext --silent sleep 1
check 'one that is made by entering it is told' said '[0-9]\{5,\} - - made 1'
check 'and that it has vanished with its last member' said '[0-9]\{5,\} - - gone 1'
ticks()
{
	awk '{ print $14 + $15 }' /proc/$watcher/stat
}
before=$(ticks)
sleep 2
check 'idle, it uses no CPU time' [ "$(ticks)" = "$before" ]
kill $watcher
wait $watcher 2>/dev/null

mkdir $vctx/104
vlimit --watch -c 104 >"$dir/log" 2>&1 &
watcher=$!
sleep 1
rmdir $vctx/104
check 'vlimit --watch -c ends with the context' until_true sh -c "! kill -0 $watcher"
wait $watcher
ok $? 'with exit code 0'
watcher=

# vlimit

run 'vlimit --suggest' 0 vlimit --suggest
check 'suggests by the peak' grep -q '^vlimit -c web nproc=[0-9]*:[0-9]* ' "$dir/out"
check 'what it suggests can be set' sh "$dir/out"
run 'vlimit -q' 0 vlimit -q -o NAME,RESOURCE --raw
check 'shows what was refused' grep -qx 'web nproc' "$dir/out"
check 'and little else' [ "$(grep -c . "$dir/out")" -lt 6 ]
run 'vlimit in a context' 0 chcontext --ctx mail --silent vlimit --raw -n
check 'shows that one' grep -q '^101 mail nproc 1 ' "$dir/out"
check 'and all of it' [ "$(grep -c . "$dir/out")" = "$(grep -c . $vctx/1/limits)" ]

# reducecap

run 'reducecap --secure' 0 reducecap --secure sh -c '! ip link set lo down'
check 'root may not configure an interface' test -s "$dir/err"
run 'reducecap --CAP_KILL --show' 0 reducecap --CAP_KILL --show
check 'the bounding set is without it' sh -c "! grep -q 'cap_kill' '$dir/out'"

# The process that is 1 inside, and who sees it

# shellcheck disable=SC2016
chcontext --ctx 105 --flag fakeinit --silent sh -c 'echo $$ $(exec sh -c "echo \$PPID"); exec sleep 300' >"$dir/pid1" &
sleeper=$!
check 'a shell with the flag fakeinit is process 1' until_true grep -qx '1 1' "$dir/pid1"
run 'vserver-stat' 0 vserver-stat --raw -n -o ctx,proc
check 'shows its context' grep -qx '105 1' "$dir/out"
run 'vpstree -p' 0 vpstree -p
check 'shows it by its id' grep -q "sleep($sleeper)" "$dir/out"
run 'pstree -p' 0 pstree -p
check 'does not' sh -c "! grep -q 'sleep($sleeper)' '$dir/out'"
run 'vtop -b -n 1' 0 vtop -b -n 1 -w 200
check 'shows it' grep -q "^ *$sleeper .* sleep" "$dir/out"
run 'vkill -c 105' 0 vkill -c 105 -s KILL
wait $sleeper

# vstop

run 'vstop -b' 0 vstop -b -n 1 -d 0.1
check 'has the usual columns' grep -q '^ *CTX NAME .* AGE$' "$dir/out"
run 'vstop -b -o' 0 vstop -b -n 1 -d 0.1 -o name,mem
check 'has these' grep -qE '^web +[0-9]+$' "$dir/out"

echo "1..$nr"
[ $failed = 0 ]
