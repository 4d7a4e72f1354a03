#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The tools from their command lines, against a tree of ordinary files in place
# of vctxfs.  Run as build/unit/tools-cli from the top of the source tree, or
# with VCTX_SRC; prints TAP.

here=$(cd "$(dirname "$0")" && pwd)
bin=$here/../san/bin
src=${VCTX_SRC:-$(pwd)}
dir=$(mktemp -d /tmp/vctxXXXXXX) || exit 1
victim=
trap 'rm -rf "$dir"; [ -z "$victim" ] || kill -9 $victim 2>/dev/null' EXIT
PATH=$bin:$PATH
export PATH LC_ALL=C TERM=dumb
unset VCTXFS VCTXPROC FAKE_VCTX FAKE_ERRNO FAKE_LOG NO_COLOR COLUMNS

nr=0
failed=0
echo "TAP version 13"

ok()
{
	nr=$((nr + 1))
	echo "ok $nr - $*"
}

not_ok()
{
	nr=$((nr + 1))
	failed=$((failed + 1))
	echo "not ok $nr - $*"
	sed 's/^/# out: /' "$dir/out"
	sed 's/^/# err: /' "$dir/err"
}

skip()
{
	nr=$((nr + 1))
	echo "ok $nr - $1 # SKIP $2"
}

# expect NAME STATUS OUT ERR COMMAND...
#   OUT and ERR are whole texts; "*TEXT" is text that must be in it
expect()
{
	name=$1 status=$2 out=$3 err=$4
	shift 4
	"$@" >"$dir/out" 2>"$dir/err" </dev/null
	got=$?
	if [ "$got" != "$status" ]; then
		echo "# exit code $got, not $status"
		not_ok "$name"
	elif ! matches "$out" "$dir/out"; then
		echo "# output is not: $out"
		not_ok "$name"
	elif ! matches "$err" "$dir/err"; then
		echo "# error output is not: $err"
		not_ok "$name"
	else
		ok "$name"
	fi
}

matches()
{
	case $1 in
	"*"*) grep -qF -e "${1#?}" "$2" ;;
	*) [ "$1" = "$(cat "$2")" ] ;;
	esac
}

# check NAME CONDITION...
check()
{
	name=$1
	shift
	if "$@" >"$dir/out" 2>"$dir/err"; then
		ok "$name"
	else
		not_ok "$name"
	fi
}

fake_tree()
{
	export VCTXFS="$dir/fs" VCTXPROC="$dir/proc"
	rm -rf "$VCTXFS" "$VCTXPROC"
	mkdir -p "$VCTXFS/1" "$VCTXFS/100" "$VCTXPROC"
	cat >"$VCTXFS/summary" <<-END
	1 name=- parent=0 depth=1 flags=- members=0 age_usec=9 cpu_usec=0 nproc=0:0:max:max:0 nofile=0:0:max:max:0
	100 name=web parent=0 depth=1 flags=lock members=3 age_usec=12 cpu_usec=4 nproc=3:5:max:200:0 nofile=2000:3100:1500:4096:7
	END
	cat >"$VCTXFS/100/status" <<-END
	id 100
	parent 0
	depth 1
	name web
	flags lock
	ceiling 000001ffffffffff
	members 3
	age_usec 12
	cpu_usec 4
	END
	cat >"$VCTXFS/100/limits" <<-END
	nproc usage 3 peak 5 soft max hard 200 fail 0
	nofile usage 2000 peak 3100 soft 1500 hard 4096 fail 7
	END
	echo ok >"$VCTXFS/last_error"
	echo ok >"$VCTXFS/100/last_error"
	: >"$VCTXFS/100/procs"
	: >"$VCTXFS/100/kill"
}

# a process of the fake /proc: PID CONTEXT
fake_proc()
{
	mkdir -p "$VCTXPROC/$1/attr/vctx"
	echo "$2" >"$VCTXPROC/$1/attr/vctx/current"
}

tools="chcontext vkill vlimit vps"
fake_tree

# --- what all have ---------------------------------------------------------

for t in $tools; do
	expect "$t --help" 0 "*Usage: $t " "" "$t" --help
	expect "$t -h" 0 "*Usage: $t " "" "$t" -h
	expect "$t -V" 0 "*$t (vctx) " "" "$t" -V
	expect "$t --version" 0 "*$t (vctx) " "" "$t" --version
	"$t" --complete >"$dir/complete" 2>&1
	check "$t --complete is a script for bash" bash -n "$dir/complete"
	check "$t --complete completes $t" grep -q " $t\$" "$dir/complete"
	[ $t = vps ] && continue
	status=2
	[ $t = chcontext ] && status=255
	expect "$t: unknown long option" $status "" \
		"$t: unknown option '--nonsense'
Try '$t --help'." "$t" --nonsense
	expect "$t: unknown short option" $status "" \
		"$t: unknown option '-Q'
Try '$t --help'." "$t" -Q
	expect "$t: option without its argument" $status "" \
		"$t: option '-c' needs an argument
Try '$t --help'." "$t" -c
	expect "$t: output that cannot be written" 1 "" \
		"*cannot write the output" sh -c "$t --help >/dev/full"
done

# The options that --help prints, and those that the man page describes
options_of_help()
{
	"$1" --help | sed -n '/^Options:/,/^$/p' |
	sed -n 's/^ *\(-[a-zA-Z], \)\{0,1\}--\([a-z-]*\).*/\1--\2/p' |
	tr -d ' ' | tr ',' '\n' | sort
}

options_of_man()
{
	sed -n 's/^\.It Fl //p' "$src/Documentation/man/$1.8" |
	sed 's/ Ar .*//; s/ Oo .*//; s/ , Fl /\n/g' | sed 's/^/-/' | sort
}

for t in $tools; do
	if [ ! -r "$src/Documentation/man/$t.8" ]; then
		skip "$t: options of the man page" "no $src/Documentation/man"
		continue
	fi
	options_of_help $t >"$dir/help"
	options_of_man $t >"$dir/man"
	check "$t: the man page has the options that --help has" \
		diff "$dir/help" "$dir/man"
	check "$t: --complete has the options that --help has" sh -c "
		grep -e '^--' '$dir/help' | while read -r o; do
			grep -q -e \"\$o \" <<-END || exit 1
			\$($t --complete)
			END
		done"
done
vlimit --help | sed -n '/^Columns:/,/^$/s/^  \([A-Z%]*\) .*/\1/p' | sort >"$dir/help"
sed -n '/^\.Sh COLUMNS/,/^\.El/s/^\.It Cm //p' "$src/Documentation/man/vlimit.8" |
	sort >"$dir/man"
check "vlimit: the man page has the columns that --help has" \
	diff "$dir/help" "$dir/man"
vlimit --complete | sed -n 's/.*"\(CONTEXT NAME [^"]*\)".*/\1/p' |
	tr ' ' '\n' | sort >"$dir/man"
check "vlimit: --complete has the columns that --help has" \
	diff "$dir/help" "$dir/man"

# --- vlimit ----------------------------------------------------------------

expect "vlimit shows all" 0 \
"CONTEXT NAME RESOURCE USAGE PEAK SOFT HARD FAIL
      1 -    nproc        0    0  max  max    0
      1 -    nofile       0    0  max  max    0
    100 web  nproc        3    5  max  200    0
    100 web  nofile    2000 3100 1500 4096    7" "" vlimit
expect "vlimit -c shows one" 0 \
"CONTEXT NAME RESOURCE USAGE PEAK SOFT HARD FAIL
    100 web  nproc        3    5  max  200    0
    100 web  nofile    2000 3100 1500 4096    7" "" vlimit -c 100
expect "vlimit -c takes a name" 0 \
"100 web nproc 3 5 max 200 0
100 web nofile 2000 3100 1500 4096 7" "" vlimit -c web --raw --noheadings
expect "vlimit -H" 0 "*1.9K   3K 1.4K   4K" "" vlimit -c 100 -H
expect "vlimit -o" 0 \
"RESOURCE USE%
nproc       1
nofile     48" "" vlimit -c 100 -o resource,use%
expect "vlimit -o +" 0 "*FAIL USE%" "" vlimit -c 100 -o +use%
expect "vlimit -o of an unknown column" 2 "" "*unknown column 'nonsense'" vlimit -o usage,nonsense
expect "vlimit --raw" 0 "*1 - nproc 0 0 max max 0" "" vlimit --raw
json='{
   "limits": [
      {
         "context": 100,
         "name": "web",
         "resource": "nproc",
         "usage": 3,
         "peak": 5,
         "soft": null,
         "hard": 200,
         "fail": 0
      },{
         "context": 100,
         "name": "web",
         "resource": "nofile",
         "usage": 2000,
         "peak": 3100,
         "soft": 1500,
         "hard": 4096,
         "fail": 7
      }
   ]
}'
expect "vlimit --json" 0 "$json" "" vlimit -c 100 --json
expect "vlimit --json has exact numbers" 0 "$json" "" vlimit -H -c 100 --json
for args in "" "-c 100" "-o +use%" "-o name,soft"; do
	# shellcheck disable=SC2086
	vlimit $args --json >"$dir/json"
	if command -v python3 >/dev/null; then
		check "vlimit $args --json is JSON" python3 -m json.tool "$dir/json"
	else
		skip "vlimit $args --json is JSON" "no python3"
	fi
done
expect "vlimit --json and --raw" 2 "" "*exclude each other" vlimit --json --raw
: >"$VCTXFS/summary"
expect "vlimit without contexts" 0 "" "" vlimit
vlimit --json >"$dir/json"
check "vlimit --json without contexts" grep -q '"limits"' "$dir/json"
if command -v python3 >/dev/null; then
	check "vlimit --json without contexts is JSON" python3 -m json.tool "$dir/json"
fi
fake_tree

expect "vlimit of a context that does not exist" 1 "" \
	"vlimit: context 4: no such context" vlimit -c 4
expect "vlimit sets in a context that does not exist" 1 "" \
	"vlimit: context 4: no such context" vlimit -c 4 nproc=50
expect "vlimit of a name that does not exist" 1 "" \
	"vlimit: context mail: no such context" vlimit -c mail
expect "vlimit of nothing that is a context" 2 "" \
	"vlimit: '-3' is neither the id nor the name of a context" vlimit -c -3
expect "vlimit of the host" 1 "" "*context 0, the host, has no limits" vlimit -c 0
expect "vlimit without -c sets nothing" 2 "" "*which context?" vlimit nproc=5
expect "vlimit of an unknown resource" 1 "" \
	"vlimit: unknown resource 'ntusk'; this kernel has: nproc nofile" \
	vlimit -c 100 nproc=1 ntusk=5
for bad in nproc nproc= =5 nproc=-1 nproc=1.5 nproc=: nproc=1:2:3 nproc=x \
	"nproc=1 " nproc=99999999999999999999 nproc=9000000T; do
	expect "vlimit '$bad'" 2 "" "*vlimit: " vlimit -c 100 "nproc=1" "$bad"
done
check "none of these wrote anything" grep -q '^nproc usage 3' "$VCTXFS/100/limits"

# what is written stands at the beginning of the file
written()
{
	rm "$VCTXFS/100/limits"
	cat >"$VCTXFS/100/limits" <<-END
	nproc usage 3 peak 5 soft max hard 200 fail 0 aaaaaaaaaaaaaaaaaaaaaaaaa bbb
	nofile usage 2000 peak 3100 soft 1500 hard 4096 fail 7
	END
	vlimit "$@" >"$dir/out" 2>"$dir/err" && head -n 1 "$VCTXFS/100/limits"
}
for set in "200|nproc hard 200" "2K:4k|nproc soft 2048 hard 4096" \
	"5:|nproc soft 5" ":7|nproc hard 7" "max|nproc hard max" \
	"max:1T|nproc soft max hard 1099511627776"; do
	check "vlimit nproc=${set%|*}" \
		[ "$(written -c web "nproc=${set%|*}")" = "${set#*|}" ]
done
check "vlimit sets several in one line" \
	[ "$(written -c 100 nproc=1:2 nofile=3)" = "nproc soft 1 hard 2 nofile hard 3" ]
check "vlimit is silent when it sets" [ ! -s "$dir/out" ]
fake_tree

VCTXFS=/nowhere
expect "vlimit without vctx in the kernel" 1 "" \
	"vlimit: the running kernel has no vctx" vlimit
FAKE_VCTX=0
export FAKE_VCTX
expect "vlimit without vctxfs" 1 "" \
	"vlimit: vctxfs is not mounted on /nowhere (mount -t vctx vctx /nowhere)" vlimit
expect "vlimit -c without vctxfs" 1 "" "*vctxfs is not mounted" vlimit -c 100
unset FAKE_VCTX
fake_tree

# a member has no summary, and its own directory only
rm "$VCTXFS/summary"
FAKE_VCTX=100
export FAKE_VCTX
expect "vlimit of a member shows its own" 0 "*100 web  nproc" "" vlimit
expect "vlimit of a member takes its own name" 0 "*100 web  nproc" "" vlimit -c web
expect "vlimit of a member does not see others" 1 "" \
	"vlimit: context 1000: no such context" vlimit -c 1000
unset FAKE_VCTX
fake_tree

i=2
while [ $i -lt 10002 ]; do
	echo "$i name=c$i parent=0 depth=1 flags=- members=1 age_usec=1 cpu_usec=1 nproc=1:1:max:max:0 ntask=1:1:max:max:0 nofile=5:5:max:max:0"
	i=$((i + 1))
done >"$VCTXFS/summary"
check "vlimit of 10,000 contexts" [ "$(vlimit --raw | wc -l)" = 30001 ]
fake_tree

# --- chcontext -------------------------------------------------------------

expect "chcontext without vctx in the kernel" 255 "" \
	"chcontext: the running kernel has no vctx" chcontext true
FAKE_VCTX=0
FAKE_LOG=$dir/log
export FAKE_VCTX FAKE_LOG
new=4294967295

# entered NAME LINE ARGS...: what the kernel was asked for
entered()
{
	name=$1 line=$2
	shift 2
	rm -f "$FAKE_LOG"
	chcontext "$@" >"$dir/out" 2>"$dir/err"
	check "$name" [ "$(cat "$FAKE_LOG" 2>&1)" = "$line" ]
}

expect "chcontext says the number" 0 "New security context is 65536
hello" "" chcontext echo hello
expect "chcontext --silent" 0 "hello" "" chcontext --silent echo hello
expect "chcontext --" 0 "--help" "" \
	chcontext --silent -- sh -c 'echo "$1"' sh --help
expect "chcontext leaves the command its options" 0 "--silent" "" \
	chcontext --silent echo --silent
expect "chcontext has the exit code of the command" 7 "" "" \
	chcontext --silent sh -c "exit 7"
expect "chcontext needs a command" 255 "" "*a command is needed" chcontext --silent
expect "chcontext with a command that does not exist" 255 "" \
	"chcontext: /nonexistent: No such file or directory" \
	chcontext --silent /nonexistent
expect "chcontext --ctx 0" 255 "" "*no way back to context 0" chcontext --ctx 0 true
expect "chcontext --ctx of an unknown name" 255 "" \
	"chcontext: context mail: no such context" chcontext --ctx mail true
expect "chcontext --ctx -1" 255 "" "*neither the id nor the name" \
	chcontext --ctx -1 true
expect "chcontext --ctx says the number" 0 "New security context is 100" "" \
	chcontext --ctx web true
entered "chcontext asks for a fresh context" "$new 0 0" true
entered "chcontext --ctx" "200 0 0" --ctx 200 true
entered "chcontext -c NAME" "100 0 0" -c web true
entered "chcontext --flag lock" "$new 1 0" --flag lock true
entered "chcontext --flag lock,private" "$new 3 0" --flag lock,private true
entered "chcontext --flag twice" "$new 3 0" --flag private --flag lock true
expect "chcontext --flag with an unknown one" 255 "" "*unknown flag 'nonsense'" \
	chcontext --flag lock,nonsense true
for f in sched fakeinit hideinfo ulimit namespace; do
	expect "chcontext --flag $f" 255 "" "*flag $f is not supported: " \
		chcontext --flag $f true
done
expect "chcontext --flag nproc" 0 "*New security" \
	"*warning: flag nproc has no effect" chcontext --flag nproc true
expect "chcontext --flag nproc --silent" 0 "" "" \
	chcontext --flag nproc --silent true
entered "chcontext --cap !NET_ADMIN" "$new 0 1000" --cap !NET_ADMIN true
entered "chcontext --cap !cap_net_admin" "$new 0 1000" --cap !cap_net_admin true
entered "chcontext --cap twice" "$new 0 3000" --cap !net_admin --cap !Net_Raw true
entered "chcontext --cap CAP alone removes nothing" "$new 0 0" --cap NET_ADMIN true
expect "chcontext --cap of no capability" 255 "" "*unknown capability 'NONSENSE'" \
	chcontext --cap NONSENSE true
expect "chcontext --cap of a number" 255 "" "*unknown capability '12'" \
	chcontext --cap 12 true
expect "chcontext --cap of nothing" 255 "" "*unknown capability ''" \
	chcontext --cap ! true

# --secure leaves 0 1 2 3 4 5 6 7 10 18 19 26 28 31
last=$(cat /proc/sys/kernel/cap_last_cap)
drop=$(((1 << (last + 1)) - 1 & ~0x940c04ff))
setpcap=$((1 << 8))
secure()
{
	if [ "$(id -u)" = 0 ]; then
		printf '%s 0 %x' $new $(($1))
	else
		printf '%s 0 %x' $new $((($1) & ~setpcap))
	fi
}
entered "chcontext --secure" "$(secure drop)" --secure true
entered "chcontext --secure --cap NET_RAW" "$(secure "drop & ~(1 << 13)")" \
	--secure --cap NET_RAW true
entered "chcontext --cap !CHOWN --secure" "$(secure "drop | 1")" \
	--cap !CHOWN --secure true
if command -v setpriv >/dev/null; then
	rm -f "$FAKE_LOG"
	touch "$FAKE_LOG"
	setpriv --no-new-privs "$bin/chcontext" --secure true >/dev/null 2>&1
	check "chcontext --secure with no_new_privs removes SETPCAP" \
		[ "$(cat "$FAKE_LOG")" = "$(printf '%s 0 %x' $new $drop)" ]
fi

# fail NAME ERRNO ERR ARGS...
fail()
{
	name=$1 number=$2 text=$3
	shift 3
	expect "$name" 255 "" "$text" env FAKE_ERRNO=$number chcontext "$@"
}
fail "chcontext: no memory" 12 "chcontext: context new: Cannot allocate memory" true
fail "chcontext: no such dynamic context" 2 \
	"chcontext: context 70000: no such context" --ctx 70000 true
fail "chcontext: too deep" 28 "*nested deeper than 16" true
fail "chcontext: traced" 16 "*is traced or shares" true
fail "chcontext: invalid" 22 "*knows no such id" --ctx 65535 true
if [ "$(id -u)" = 0 ]; then
	fail "chcontext: private" 1 "chcontext: context 100 is private: nobody may enter it any more" --ctx 100 true
else
	fail "chcontext: not root" 1 "*only root outside of all contexts" --ctx 100 true
	fail "chcontext: --cap !SETUID unprivileged" 1 "*setpriv --no-new-privs" --cap !SETUID true
	expect "chcontext --hostname unprivileged" 255 "" "*--hostname: only root" \
		chcontext --hostname x true
fi
FAKE_VCTX=5
fail "chcontext: a member chooses" 1 "*only root outside of all contexts may choose" --ctx 100 true
FAKE_VCTX=0

if [ "$(id -u)" = 0 ] && unshare --uts true 2>/dev/null; then
	expect "chcontext --hostname --domainname" 0 "box example" "" \
		chcontext --silent --hostname box --domainname example sh -c \
		'echo $(cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname)'
else
	skip "chcontext --hostname --domainname" "not root"
fi

expect "chcontext --disconnect" 0 "New security context is 65536" "" \
	chcontext --disconnect sh -c "
	fds=\$(readlink /proc/\$\$/fd/0 /proc/\$\$/fd/1 /proc/\$\$/fd/2)
	[ \$(ps -o sid= -p \$\$) = \$\$ ] && echo \"\$fds\" >$dir/fds
	mv $dir/fds $dir/done"
i=0
while [ ! -e "$dir/done" ] && [ $i -lt 100 ]; do
	sleep 0.1
	i=$((i + 1))
done
check "chcontext --disconnect: away from the terminal" \
	[ "$(sort -u "$dir/done")" = /dev/null ]
expect "chcontext --disconnect with a command that does not exist" 255 "*New" \
	"chcontext: /nonexistent: No such file or directory" \
	chcontext --disconnect /nonexistent
expect "chcontext --disconnect that may not enter" 255 "" "*nested deeper" \
	env FAKE_ERRNO=28 chcontext --disconnect true
unset FAKE_VCTX FAKE_LOG

# --- vkill -----------------------------------------------------------------

expect "vkill without anything" 2 "" "*whom?" vkill
for bad in 0 -- -1 1x "" 99999999999; do
	[ "$bad" = -- ] && continue
	expect "vkill '$bad'" 2 "" "*" vkill -c 100 -- "$bad"
done
expect "vkill of an unknown signal" 2 "" "*unknown signal 'NONSENSE'" \
	vkill -s NONSENSE -c 100
expect "vkill of a signal that is too large" 2 "" "*unknown signal '65'" \
	vkill -s 65 -c 100
expect "vkill of RTMIN+99" 2 "" "*unknown signal 'RTMIN+99'" \
	vkill -s RTMIN+99 -c 100
expect "vkill -c 0" 1 "" "*context 0 is the host" vkill -c 0
expect "vkill of a context that does not exist" 1 "" \
	"vkill: context 4: no such context" vkill -c 4
expect "vkill of a context that does not exist, with a pid" 1 "" \
	"vkill: context 4: no such context" vkill -c 4 1

# a process to be signalled, which says by which signal
start()
{
	[ -z "$victim" ] || kill -9 $victim 2>/dev/null
	rm -f "$dir/got" "$dir/ready"
	sh -c '
		for s in HUP USR1 TERM; do
			trap "echo $s >'"$dir"'/got; exit" $s
		done
		: >'"$dir"'/ready
		while :; do sleep 0.05; done' &
	victim=$!
	while [ ! -e "$dir/ready" ]; do sleep 0.02; done
	fake_proc $victim 100
	echo $victim >"$VCTXFS/100/procs"
}
got()
{
	i=0
	while [ ! -s "$dir/got" ] && [ $i -lt 200 ]; do
		sleep 0.05
		i=$((i + 1))
	done
	kill -9 $victim 2>/dev/null
	victim=
	[ "$(cat "$dir/got")" = "$1" ]
}

if [ "$(id -u)" = 0 ]; then
	FAKE_VCTX=0
	FAKE_LOG=$dir/log
	export FAKE_VCTX FAKE_LOG
	expect "vkill -c" 0 "" "" vkill -c web
	check "vkill -c writes 1" [ "$(cat "$VCTXFS/100/kill")" = 1 ]
	: >"$VCTXFS/100/kill"
	expect "vkill -c -s KILL" 0 "" "" vkill -c 100 -s SIGKILL
	check "vkill -c -s KILL writes 1" [ "$(cat "$VCTXFS/100/kill")" = 1 ]
	: >"$VCTXFS/100/kill"

	start
	: >"$FAKE_LOG"
	expect "vkill -c -s HUP" 0 "" "" vkill -c 100 -s HUP
	check "vkill -c -s HUP: received" got HUP
	check "vkill -c -s HUP: from within the context" \
		[ "$(cat "$FAKE_LOG")" = "100 0 0" ]
	check "vkill -c -s HUP: kill is not written" [ ! -s "$VCTXFS/100/kill" ]

	start
	: >"$FAKE_LOG"
	expect "vkill PID" 0 "" "" vkill $victim
	check "vkill PID: TERM received" got TERM
	check "vkill PID: by way of the watcher" \
		[ "$(cat "$FAKE_LOG")" = "1 0 0
100 0 0" ]
	start
	: >"$FAKE_LOG"
	expect "vkill -c -s PID" 0 "" "" vkill -c web -s sigusr1 $victim
	check "vkill -c -s PID: received" got USR1
	check "vkill -c -s PID: from within the context" \
		[ "$(cat "$FAKE_LOG")" = "100 0 0" ]

	start
	fake_proc $victim 0
	: >"$FAKE_LOG"
	expect "vkill PID of the host" 0 "" "" vkill -s 10 $victim
	check "vkill PID of the host: received" got USR1
	check "vkill PID of the host: from the host" \
		[ "$(cat "$FAKE_LOG")" = "1 0 0" ]

	expect "vkill of no process" 1 "" "vkill: 4194305: no such process" vkill 4194305
	start
	expect "vkill goes on after a failure" 1 "" "vkill: 4194305: no such process" \
		vkill 4194305 $victim
	check "vkill goes on after a failure: received" got TERM
	expect "vkill -c 100 PID of no process" 1 "" "vkill: 4194305: no such process" \
		vkill -c 100 4194305
	expect "vkill of a private context" 1 "" \
		"vkill: context 100 is private: nobody may enter it to send a signal; 'vkill -c 100' kills all of it" \
		env FAKE_ERRNO=1 vkill -c 100 -s TERM
	unset FAKE_VCTX FAKE_LOG
else
	skip "vkill of contexts" "not root"
fi

# --- vps -------------------------------------------------------------------

# fake_ps: prints standard input whatever the options are
fake_ps()
{
	mkdir -p "$dir/ps"
	cat >"$dir/ps/text"
	cat >"$dir/ps/ps" <<-END
	#!/bin/sh
	echo "\$*" >"$dir/ps/args"
	cat "$dir/ps/text"
	exit 3
	END
	chmod +x "$dir/ps/ps"
}
export FAKE_VCTX=0
fake_tree
fake_proc 1 0
fake_proc 42 100
fake_proc 77 65536
fake_proc 123456 1
vps_path=$dir/ps:$PATH

fake_ps <<'END'
    PID TTY          TIME CMD
      1 ?        00:00:01 init
     42 ?        00:00:00 httpd
     43 ?        00:00:00 gone
     77 pts/0    00:00:00 sh
 123456 pts/0    00:00:00 ps
END
expect "vps" 3 "    PID       CONTEXT  TTY          TIME CMD
      1     0 MAIN     ?        00:00:01 init
     42   100 web      ?        00:00:00 httpd
     43     - -        ?        00:00:00 gone
     77 65536 -        pts/0    00:00:00 sh
 123456     1 ALL_PROC pts/0    00:00:00 ps" "" env PATH="$vps_path" vps -e --forest x
check "vps hands its options on" [ "$(cat "$dir/ps/args")" = "-e --forest x" ]

fake_ps <<'END'
USER         PID    PPID %CPU COMMAND
root           1       0  0.0 init
averyverylongname 42       1  0.0 httpd
root          77      42  0.0 sh 42 1
END
expect "vps with fields that are too long" 3 \
"USER         PID       CONTEXT    PPID %CPU COMMAND
root           1     0 MAIN          0  0.0 init
averyverylongname 42   100 web           1  0.0 httpd
root          77 65536 -            42  0.0 sh 42 1" "" env PATH="$vps_path" vps aux

fake_ps <<'END'
COMMAND             PID
init                  1
a b c 77             42
END
expect "vps with PID at the end" 3 \
"COMMAND             PID     CONTEXT
init                  1   0 MAIN
a b c 77             42 100 web" "" env PATH="$vps_path" vps -o args,pid

fake_ps <<'END'
   PPID COMMAND
      1 httpd
END
expect "vps without PID changes nothing" 3 "   PPID COMMAND
      1 httpd" "" env PATH="$vps_path" vps -o ppid,args

fake_ps <<'END'
     42 httpd
END
expect "vps without a heading changes nothing" 3 "     42 httpd" "" \
	env PATH="$vps_path" vps h

fake_ps <<'END'
    PID CMD
      1 init
    PID CMD
     42 httpd
END
expect "vps with the heading repeated" 3 "    PID     CONTEXT CMD
      1   0 MAIN    init
    PID     CONTEXT CMD
     42 100 web     httpd" "" env PATH="$vps_path" vps --headers

fake_ps </dev/null
expect "vps with a ps that says nothing" 3 "" "" env PATH="$vps_path" vps
unset FAKE_VCTX
fake_ps <<'END'
    PID CMD
      8 init
END
expect "vps without vctx in the kernel" 3 "    PID CMD
      8 init" "vps: warning: the running kernel has no vctx" env PATH="$vps_path" vps

echo "1..$nr"
[ $failed = 0 ]
