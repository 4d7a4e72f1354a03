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
victim= b=
trap 'rm -rf "$dir" "$b"; [ -z "$victim" ] || kill -9 $victim 2>/dev/null' EXIT
PATH=$bin:$PATH
export PATH LC_ALL=C TERM=dumb
unset VCTXFS VCTXPROC FAKE_VCTX FAKE_ERRNO FAKE_LOG FAKE_TAGS NO_COLOR COLUMNS

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
	"*"*)
		case $(cat "$2") in
		*"${1#?}"*) return 0 ;;
		*) return 1 ;;
		esac ;;
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

# All resources that the kernel has, and what context 100 has of some:
# USAGE PEAK SOFT HARD FAIL
resources="nproc ntask nofile nsock nlock npty nsigpending ninotify as memlock
	rss anon shmem memory swap nshm shmbytes nsem nmsg msgbytes mqbytes
	nrandom"
web_of()
{
	case $1 in
	nproc) echo 3 5 max 200 0 ;;
	nofile) echo 2000 3100 1500 4096 7 ;;
	nsock) echo 0 12 max max 0 ;;
	rss) echo 5242880 48234496 max max 0 ;;
	nrandom) echo 0 4096 max max 0 ;;
	*) echo 0 0 max max 0 ;;
	esac
}

fake_tree()
{
	export VCTXFS="$dir/fs" VCTXPROC="$dir/proc"
	rm -rf "$VCTXFS" "$VCTXPROC"
	mkdir -p "$VCTXFS/1" "$VCTXFS/100" "$VCTXPROC"
	idle='' web=''
	for r in $resources; do
		idle="$idle $r=0:0:max:max:0"
		web="$web $r=$(web_of $r | tr ' ' :)"
		# shellcheck disable=SC2046
		printf "$r usage %s peak %s soft %s hard %s fail %s\n" \
			$(web_of $r) >>"$VCTXFS/100/limits"
		echo "$r usage 0 peak 0 soft max hard max fail 0" \
			>>"$VCTXFS/1/limits"
	done
	cat >"$VCTXFS/summary" <<-END
	1 name=- parent=0 depth=1 flags=- members=0 age_usec=9 cpu_usec=0$idle
	100 name=web parent=0 depth=1 flags=lock members=3 age_usec=12 cpu_usec=4$web
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
	sed 's/100$/1/; s/web/-/; s/lock/-/' "$VCTXFS/100/status" >"$VCTXFS/1/status"
	echo ok >"$VCTXFS/last_error"
	echo ok >"$VCTXFS/100/last_error"
	: >"$VCTXFS/100/procs"
	: >"$VCTXFS/100/kill"
	cat >"$VCTXFS/1/sched" <<-END
	sched off
	weight 100
	idle 0
	max max 100000
	burst 0
	nice -20
	rt deny
	usage_usec 0
	nr_periods 0
	nr_throttled 0
	throttled_usec 0
	running 0
	END
	sed 's/sched off/sched on/; s/weight 100/weight 300/; s/max max/max 150000/
		s/burst 0/burst 50000/; s/nice -20/nice 5/; s/usage_usec 0/usage_usec 6/
		s/nr_periods 0/nr_periods 8/; s/nr_throttled 0/nr_throttled 2/
		s/running 0/running 3/' "$VCTXFS/1/sched" >"$VCTXFS/100/sched"
}

# a process of the fake /proc: PID CONTEXT
fake_proc()
{
	mkdir -p "$VCTXPROC/$1/attr/vctx"
	echo "$2" >"$VCTXPROC/$1/attr/vctx/current"
}

tools="chbind chcontext reducecap vctl vkill vlimit vps vpstree vquota vsched
vserver-stat vstop vtop"
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
	case $t in vps|vpstree|vtop) continue ;; esac
	status=2
	case $t in chbind|chcontext|reducecap) status=255 ;; esac
	expect "$t: unknown long option" $status "" \
		"$t: unknown option '--nonsense'
Try '$t --help'." "$t" --nonsense
	expect "$t: unknown short option" $status "" \
		"$t: unknown option '-Q'
Try '$t --help'." "$t" -Q
	letter=-c
	case $t in vctl) letter=-d ;; vserver-stat) letter=-o ;; chbind) letter=--ip ;; esac
	expect "$t: option without its argument" $status "" \
		"$t: option '$letter' needs an argument
Try '$t --help'." "$t" $letter
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

# The kernel's table, if it is there
if [ -r "$src/kernel/counter.c" ]; then
	# shellcheck disable=SC2086
	check "these tests have the resources of the kernel" [ "$(echo $resources)" = \
		"$(sed -n 's/.*\[VCTX_[A-Z]*\].*{ "\([a-z]*\)",.*/\1/p' \
		"$src/kernel/counter.c" | tr '\n' ' ' | sed 's/ $//')" ]
fi

used="CONTEXT NAME RESOURCE   USAGE     PEAK SOFT HARD FAIL
    100 web  nproc          3        5  max  200    0
    100 web  nofile      2000     3100 1500 4096    7
    100 web  rss      5242880 48234496  max  max    0"
expect "vlimit shows what is used, limited or refused" 0 "$used" "" vlimit
check "vlimit -a shows all" [ "$(vlimit -an | wc -l)" = 44 ]
expect "vlimit -a shows what is not used" 0 "*1 -    swap" "" vlimit -a
check "vlimit -c shows all of one" [ "$(vlimit -c 100 -n | wc -l)" = 22 ]
expect "vlimit -c shows what is not used" 0 "*100 web  swap" "" vlimit -c 100
expect "vlimit -c takes a name" 0 "*100 web nproc 3 5 max 200 0
100 web ntask 0 0 max max 0" "" vlimit -c web --raw --noheadings
expect "vlimit -q" 0 "100 web nofile 2000 3100 1500 4096 7" "" vlimit -q --raw -n
expect "vlimit -q -c" 0 "100 web nofile 2000 3100 1500 4096 7" "" \
	vlimit -c 100 -q --raw -n
expect "vlimit -a and -q" 2 "" "*exclude each other" vlimit -a -q

# USAGE SOFT HARD FAIL of nproc: is it shown by -q?
quiet()
{
	sed -i "s/ nproc=[^ ]*/ nproc=$1:9:$2:$3:$4/" "$VCTXFS/summary"
	[ "$(vlimit -q -o RESOURCE -n | grep -c nproc)" != 0 ]
}
not_quiet()
{
	! quiet "$@"
}
for row in "0 max max 0" "5 max 10 0" "5 10 max 0" "0 max 0 0" "1 max 2 0" \
	"9 18 19 0"; do
	# shellcheck disable=SC2086
	check "vlimit -q leaves out $row" not_quiet $row
done
for row in "0 max max 1" "6 max 10 0" "6 10 max 0" "1 max 1 0" "1 0 0 0" \
	"3 max 5 0"; do
	# shellcheck disable=SC2086
	check "vlimit -q shows $row" quiet $row
done
fake_tree

expect "vlimit -H" 0 "*rss         5M  46M" "" vlimit -H
expect "vlimit -H of counts" 0 "*1.9K   3K 1.4K   4K" "" vlimit -c 100 -H
expect "vlimit -o" 0 "*RESOURCE    USE%
nproc          1
ntask          -
nofile        48" "" vlimit -c 100 -o resource,use%
expect "vlimit -o +" 0 "*FAIL USE%" "" vlimit -c 100 -o +use%
expect "vlimit -o of an unknown column" 2 "" "*unknown column 'nonsense'" vlimit -o usage,nonsense
expect "vlimit --raw" 0 "*1 - nproc 0 0 max max 0" "" vlimit --raw -a
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
      },{
         "context": 100,
         "name": "web",
         "resource": "rss",
         "usage": 5242880,
         "peak": 48234496,
         "soft": null,
         "hard": null,
         "fail": 0
      }
   ]
}'
expect "vlimit --json" 0 "$json" "" vlimit --json
expect "vlimit --json has exact numbers" 0 "$json" "" vlimit -H --json
check "vlimit --json shows what the table shows" \
	[ "$(vlimit -c 100 --json | grep -c '"resource"')" = 22 ]
for args in "" "-a" "-q" "-c 100" "-o +use%" "-o name,soft" "--suggest"; do
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
	"vlimit: unknown resource 'ntusk'; this kernel has: $(echo $resources)" \
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
expect "vlimit of a member shows its own" 0 "*100 web nproc" "" vlimit --raw
expect "vlimit of a member takes its own name" 0 "*100 web nproc" "" vlimit --raw -c web
expect "vlimit of a member does not see others" 1 "" \
	"vlimit: context 1000: no such context" vlimit -c 1000
unset FAKE_VCTX
fake_tree

i=2
while [ $i -lt 10002 ]; do
	echo "$i name=c$i parent=0 depth=1 flags=- members=1 age_usec=1 cpu_usec=1 nproc=1:1:max:max:0 ntask=1:1:max:max:0 nofile=5:5:max:max:0${idle#*nofile=0:0:max:max:0}"
	i=$((i + 1))
done >"$VCTXFS/summary"
check "vlimit of 10,000 contexts" [ "$(vlimit --raw | wc -l)" = 30001 ]
fake_tree

# suggested RESOURCE PEAK: the limit that is suggested
suggested()
{
	sed "s/ $1=[^ ]*/ $1=0:$2:max:max:0/" "$VCTXFS/summary" >"$dir/summary"
	mv "$dir/summary" "$VCTXFS/summary"
	vlimit --suggest | sed -n "s/.* $1=\([^ ]*\).*/\1/p"
}
expect "vlimit --suggest" 0 \
	"vlimit -c web nproc=8:10 nofile=4000:5000 nsock=16:20 rss=64M:80M" "" \
	vlimit --suggest
expect "vlimit --suggest -c" 0 "*vlimit -c web nproc=8:10" "" \
	vlimit --suggest -c 100
for s in 1=8:10 6=8:10 7=9:12 20=24:30 31=40:50 34=48:60 53=64:80 67=96:120 \
	333=400:500 100000=120000:150000 \
	666666666666666666=800000000000000000:1000000000000000000; do
	check "vlimit --suggest for a peak of ${s%=*}" \
		[ "$(suggested nproc ${s%=*})" = ${s#*=} ]
done
for s in 1=819K:1M 4096=819K:1M 700000=1M:1280K 4194304=4915K:6M \
	5600000=8M:10M 734003200=1G:1280M 2147483648=2457M:3G; do
	check "vlimit --suggest for a peak of ${s%=*} bytes" \
		[ "$(suggested memory ${s%=*})" = ${s#*=} ]
done
check "vlimit --suggest: nothing for what was not used" [ -z "$(suggested nproc 0)" ]
check "vlimit --suggest: nothing for what never falls" [ -z "$(suggested nrandom 9)" ]
fake_tree
# what is suggested can be set
limits=$(vlimit --suggest | sed 's/vlimit -c web //')
# shellcheck disable=SC2086
expect "vlimit sets what it suggests" 0 "" "" vlimit -c web $limits
fake_tree
expect "vlimit --suggest --json" 0 '*   "suggestions": [
      {
         "context": 100,
         "name": "web",
         "resource": "nproc",
         "peak": 5,
         "soft": 8,
         "hard": 10
      }' "" vlimit --suggest --json
for bad in -a -q -H -n --raw "-o name" "nproc=5"; do
	# shellcheck disable=SC2086
	expect "vlimit --suggest $bad" 2 "" "*vlimit: " vlimit --suggest -c 100 $bad
	# shellcheck disable=SC2086
	expect "vlimit --watch $bad" 2 "" "*vlimit: " vlimit --watch -c 100 $bad
done
expect "vlimit --suggest --watch" 2 "" "*exclude each other" vlimit --suggest --watch
expect "vlimit --on-fail" 2 "" "*--on-fail needs --watch" vlimit --on-fail true

# A file of events is written in place, at once, as the kernel would show it.
events()	# ID EMPTY NPROC.SOFT NPROC.HARD NOFILE.HARD
{
	printf 'empty %02d\nnproc.soft %02d\nnproc.hard %02d\nnofile.hard %02d\n' \
		$2 $3 $4 $5 1<>"$VCTXFS/$1/events"
}
# made ID: a context comes; the summary is written in place
made()
{
	mkdir "$VCTXFS/$1"
	sed "s/^id .*/id $1/; s/^name .*/name c$1/" "$VCTXFS/100/status" >"$VCTXFS/$1/status"
	cp "$VCTXFS/100/limits" "$VCTXFS/$1/limits"
	events $1 0 0 ${2:-0} 0
	printf 1 1<>"$VCTXFS/summary"
}
# watch_begin OPTION...
watch_begin()
{
	rm -f "$dir/poll"
	: >"$dir/log"
	TZ=UTC FAKE_POLL="$dir/poll" vlimit --watch "$@" >"$dir/log" \
		2>"$dir/complaints" </dev/null &
	watcher=$!
	until_true [ -e "$dir/poll" ]
}
until_true()
{
	i=0
	until "$@"; do
		i=$((i + 1))
		[ $i -gt 200 ] && return 1
		sleep 0.05
	done
}
# watch_says NAME LINES: what has been printed, without the time
watch_says()
{
	name=$1 lines=$2
	printed()
	{
		[ "$(sed 's/^[^ ]* //' "$dir/log")" = "$lines" ]
	}
	until_true printed
	cp "$dir/log" "$dir/out"
	printed && ok "$name" || not_ok "$name"
}
watch_end()
{
	kill $watcher 2>/dev/null
	wait $watcher 2>/dev/null
}

events 1 0 0 0 0
events 100 1 2 3 4
watch_begin
events 100 1 2 4 4
watch_says "vlimit --watch tells refusals" "100 web nproc hard 1"
check "vlimit --watch tells the time" grep -Eq \
	'^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}\+0000 100 ' "$dir/log"
events 100 2 4 4 9
watch_says "vlimit --watch tells what is new, and how often" \
"100 web nproc hard 1
100 web - empty 1
100 web nproc soft 2
100 web nofile hard 5"
sed -i 's/name web/name www/' "$VCTXFS/100/status"
made 200
watch_says "vlimit --watch tells that a context is made" \
"100 web nproc hard 1
100 web - empty 1
100 web nproc soft 2
100 web nofile hard 5
200 c200 - made 1"
events 200 0 0 7 0
until_true grep -q ' 200 c200 nproc hard 7$' "$dir/log"
events 100 2 5 4 9
watch_says "vlimit --watch tells of a context that came, with its name" \
"100 web nproc hard 1
100 web - empty 1
100 web nproc soft 2
100 web nofile hard 5
200 c200 - made 1
200 c200 nproc hard 7
100 www nproc soft 1"
rm -r "$VCTXFS/200"
printf 1 1<>"$VCTXFS/summary"
made 50 3
until_true grep -q ' made 1$' "$dir/log"
watch_says "vlimit --watch tells that a context is gone" \
"100 web nproc hard 1
100 web - empty 1
100 web nproc soft 2
100 web nofile hard 5
200 c200 - made 1
200 c200 nproc hard 7
100 www nproc soft 1
200 c200 - gone 1
50 c50 - made 1
50 c50 nproc hard 3"
events 50 0 0 4 0
events 1 0 0 0 1
until_true grep -q ' 1 - nofile hard 1$' "$dir/log"
check "vlimit --watch tells of all that is there then" \
	grep -q ' 50 c50 nproc hard 1$' "$dir/log"
watch_end
check "vlimit --watch has no complaints" [ ! -s "$dir/complaints" ]
fake_tree

events 1 0 0 0 0
events 100 0 0 0 0
watch_begin --json -c web
events 1 0 0 9 0
events 100 0 0 1 0
until_true grep -q hard "$dir/log"
cp "$dir/log" "$dir/out"
check "vlimit --watch --json -c" [ "$(sed 's/"time":"[^"]*",//' "$dir/log")" = \
	'{"context":100,"name":"web","resource":"nproc","event":"hard","count":1}' ]
events 100 1 0 1 0
until_true grep -q empty "$dir/log"
if command -v python3 >/dev/null; then
	check "vlimit --watch --json prints lines of JSON" python3 -c '
import json, sys
for line in open(sys.argv[1]):
    json.loads(line)' "$dir/log"
fi
watch_end

events 100 0 0 0 0
watch_begin -c 100 --on-fail \
	'echo "ran $VCTX_ID $VCTX_NAME $VCTX_RESOURCE $VCTX_FAIL $(cat)"; exit 3'
events 100 1 2 3 4
watch_says "vlimit --on-fail runs the command for what is refused" \
"100 web - empty 1
100 web nproc soft 2
100 web nproc hard 3
100 web nproc 3 
100 web nofile hard 4
100 web nofile 4 "
until_true grep -q "exit code 3" "$dir/complaints"
check "vlimit --on-fail tells that the command failed" \
	grep -qx "vlimit: the command failed with exit code 3" "$dir/complaints"
watch_end

expect "vlimit --watch of a context that does not exist" 1 "" \
	"vlimit: context 4: no such context" vlimit --watch -c 4
VCTXFS=/nowhere
expect "vlimit --watch without vctx in the kernel" 1 "" \
	"vlimit: the running kernel has no vctx" vlimit --watch
fake_tree

# --- vctl ------------------------------------------------------------------

conf=$dir/conf
mkdir "$conf"
cat >"$conf/web.conf" <<'END'
# The web server
id = 100
name = web
flags = lock

[limits]
nproc = 200
nofile = 1500:4K	# 7 refused so far

[sched]
weight = 300
cpu = 150%
burst = 50ms
nice = 5
END
cp "$conf/web.conf" "$dir/web.conf"

expect "vctl without a verb" 2 "" "*what?" vctl
expect "vctl with an unknown verb" 2 "" "*unknown verb 'remove'" vctl remove web
expect "vctl -f check" 2 "" "*--force is for save" vctl -f check
expect "vctl check" 0 "" "" vctl -d "$conf" check
expect "vctl check NAME" 0 "" "" vctl -d "$conf" check web
expect "vctl check FILE" 0 "" "" vctl check "$conf/web.conf"
expect "vctl --root after the verb" 0 "" "" vctl check --root "$conf"
expect "vctl check without the kernel" 0 "" "" \
	env VCTXFS=/nowhere vctl -d "$conf" check
expect "vctl check of a name that has no file" 1 "" \
	"$conf/mail.conf: No such file or directory" vctl -d "$conf" check mail
expect "vctl check of a directory that is not there" 1 "" \
	"vctl: $dir/nothing: No such file or directory" vctl -d "$dir/nothing" check
expect "vctl diff that is clean" 0 "" "" vctl -d "$conf" diff

printf 'id = 101\nname = web\nid = x\n[limits]\nnproc = 9:5\nnsuck = 1\n[quota]\nbytes = 5\n[sched]\nweight = 0\ncpu = 50\nwait = 1\n' \
	>"$conf/bad.conf"
expect "vctl check of a bad file" 1 "" \
"$conf/bad.conf:3:1: id is set in line 1 already
$conf/bad.conf:5:9: the soft limit is above the hard limit
$conf/bad.conf:8:1: 'bytes' is not a path from /
$conf/bad.conf:10:10: a weight is from 1 to 10000
$conf/bad.conf:11:7: '50' is not a value for cpu
$conf/bad.conf:12:1: unknown setting 'wait'; there are: weight, idle, cpu, burst, nice, rt, sched
$conf/web.conf:3:1: name web is that of $conf/bad.conf
$conf/bad.conf:6:1: unknown resource 'nsuck'" vctl -d "$conf" check
expect "vctl check of the good one" 0 "" "" vctl -d "$conf" check web
expect "vctl diff with a bad file" 2 "" "*bad.conf:3:1: " vctl -d "$conf" diff
find "$VCTXFS" -type f -exec cat {} + >"$dir/before"
expect "vctl apply with a bad file" 1 "" "*
vctl: nothing was applied" vctl -d "$conf" apply
check "and nothing was applied" sh -c \
	"find '$VCTXFS' -type f -exec cat {} + | cmp - '$dir/before'"
rm "$conf/bad.conf"

sed -i '/^memory/d' "$VCTXFS/1/limits"
printf 'id = 102\n[limits]\nmemory = 1G\n' >"$conf/mem.conf"
expect "vctl check of a resource that this kernel has not" 1 "" \
	"$conf/mem.conf:3:1: resource memory: not supported by this kernel" \
	vctl -d "$conf" check
expect "vctl apply of a resource that this kernel has not" 1 "" \
	"$conf/mem.conf:3:1: resource memory: not supported by this kernel
vctl: nothing was applied" vctl -d "$conf" apply
check "and there is no context 102" [ ! -e "$VCTXFS/102" ]
expect "without the kernel, it is one" 0 "" "" \
	env VCTXFS=/nowhere vctl -d "$conf" check
rm "$conf/mem.conf"
fake_tree

mkdir "$conf/old"
printf 'id = 102\nflags = lock, sched\n' >"$conf/old/flag.conf"
printf 'id = 103\n[sched]\nnice = 5\n' >"$conf/old/section.conf"
printf 'id = 100\nname = web\nflags = lock\n[limits]\nnproc = 200\nnofile = 1500:4K\n' \
	>"$conf/old/web.conf"
rm "$VCTXFS/1/sched" "$VCTXFS/100/sched"
expect "vctl check of sched that this kernel has not" 1 "" \
"$conf/old/flag.conf:2:15: sched: not supported by this kernel
$conf/old/section.conf:2:1: sched: not supported by this kernel" vctl -d "$conf/old" check
expect "vctl apply of sched that this kernel has not" 1 "" \
"$conf/old/flag.conf:2:15: sched: not supported by this kernel
$conf/old/section.conf:2:1: sched: not supported by this kernel
vctl: nothing was applied" vctl -d "$conf/old" apply
# shellcheck disable=SC2016
check "and there are no contexts 102, 103" sh -c '[ ! -e "$VCTXFS/102" ] && [ ! -e "$VCTXFS/103" ]'
expect "vctl apply of other files to it" 0 "" "" vctl -d "$conf/old" apply web
check "writes no file sched" [ ! -e "$VCTXFS/100/sched" ]
expect "vctl diff of it" 0 "" "" vctl -d "$conf/old" diff web
expect "without the kernel, it is good" 0 "" "" \
	env VCTXFS=/nowhere vctl -d "$conf/old" check
rm -r "$conf/old"
fake_tree

printf 'id = 100\n' >"$conf/other.conf"
expect "vctl check of two files with one id" 1 "" \
	"$conf/web.conf:2:1: id 100 is that of $conf/other.conf" vctl -d "$conf" check
rm "$conf/other.conf"
echo "id = 101" >"$conf/.hidden.conf"
echo "nonsense" >"$conf/web.conf.bak"
expect "vctl passes over files of other names" 0 "" "" vctl -d "$conf" check
rm "$conf/.hidden.conf" "$conf/web.conf.bak"
printf 'id = 101\nname = web\n' >"$dir/mine.conf"
expect "vctl apply of a name that another context has" 1 "" \
	"$dir/mine.conf:2:1: name web is that of the running context 100
vctl: nothing was applied" vctl apply "$dir/mine.conf"

printf 'id = 100\nname = www\n[limits]\nnproc=200\nnofile=5\nrss=1M:\n' >"$conf/web.conf"
expect "vctl diff" 1 \
"--- $conf/web.conf
+++ context 100
-name = www
+name = web
+flags = lock
 [limits]
-nofile = 5
+nofile = 1500:4096
-rss = 1M:
 [sched]
+weight = 300
+cpu = 150%
+burst = 50ms
+nice = 5
+sched = on" "" vctl -d "$conf" diff
echo "id = 105" >"$conf/new.conf"
expect "vctl diff with a context that does not exist" 1 \
"--- $conf/new.conf
+++ context 105, which does not exist
-name = new" "" vctl -d "$conf" diff new
rm "$conf/new.conf"

# What is written stands at the beginning of the files.
expect "vctl apply" 0 "" \
	"vctl: warning: $conf/web.conf: context 100 keeps flags lock: they cannot be taken away" \
	vctl -d "$conf" apply
check "vctl apply sets the name" [ "$(head -n 1 "$VCTXFS/100/status")" = "name www" ]
check "vctl apply sets limits in one line" [ "$(head -n 1 "$VCTXFS/100/limits")" = \
	"nofile soft max hard 5 rss soft 1048576 hard max" ]
check "vctl apply makes sched as in a new context, in one line" \
	[ "$(head -n 1 "$VCTXFS/100/sched")" = \
	"weight 100 max max 100000 burst 0 nice -20 sched off" ]
fake_tree

# applied SECTION: what vctl writes for it, from what 100 has, or nothing
applied()
{
	fake_tree
	rm "$VCTXFS/100/limits"
	cp "$VCTXFS/1/limits" "$VCTXFS/100/limits"
	printf 'id = 100\nname = web\n%b' "$1" >"$conf/one.conf"
	vctl apply "$conf/one.conf" 2>&1 || echo "exit code $?"
	head -n 1 "$VCTXFS/100/sched"
}
is='weight = 300\ncpu = 150%\nburst = 50ms\nnice = 5\n'
for set in "flags = lock\n[sched]\n$is|sched on" \
	"flags = lock, sched\n[sched]\n$is|sched on" \
	"flags = lock, sched\n|weight 100 max max 100000 burst 0 nice -20" \
	"flags = lock\n[sched]\n$is sched = off\n|sched off" \
	"flags = lock\n[sched]\n$is idle = yes\n|idle 1" \
	"flags = lock\n[sched]\n$is rt = allow\n|rt allow" \
	"flags = lock\n[sched]\nweight = 300\ncpu = 150%/50ms\nburst = 0\n|max 75000 50000 burst 0 nice -20"; do
	check "vctl apply of a section writes ${set#*|}" \
		[ "$(applied "${set%|*}")" = "${set#*|}" ]
	check "and no flag" [ "$(head -n 1 "$VCTXFS/100/status")" = "id 100" ]
done
rm "$conf/one.conf"
fake_tree
printf 'id = 100\nname = web\nflags = lock,sched\n[sched]\nsched = off\n' >"$dir/one.conf"
expect "vctl apply of sched as a flag, and off" 1 "" \
	"$dir/one.conf:5:9: sched is among the flags in line 3
vctl: nothing was applied" vctl apply "$dir/one.conf"
cp "$dir/web.conf" "$conf/web.conf"
touch -d 2001-01-01 "$VCTXFS/100/limits" "$VCTXFS/100/status" "$VCTXFS/100/sched"
expect "vctl apply of what is so" 0 "" "" vctl -d "$conf" apply
check "writes nothing" [ -z "$(find "$VCTXFS/100" -name '[ls][itc]*[sd]' -newermt 2002-01-01)" ]

# a context that is made and whose name cannot be set, after one that was changed
echo "id = 105" >"$conf/xnew.conf"
sed -i 's/name = web/name = www/' "$conf/web.conf"
expect "vctl apply that is refused midway" 1 "" \
"vctl: $conf/xnew.conf: context 105: its name: No such file or directory
vctl: nothing was applied" vctl -d "$conf" apply
check "takes back that it made a context" [ ! -e "$VCTXFS/105" ]
check "takes back names" [ "$(head -n 1 "$VCTXFS/100/status")" = "name web" ]
rm "$conf/xnew.conf"
fake_tree

# A file sched that can be read and not written, after one that was changed:
# what is written is as long as the line that is there.
cp "$dir/web.conf" "$conf/web.conf"
sed -i 's/= 300/= 200/' "$conf/web.conf"
printf 'id = 105\nname = xnew\n[sched]\n' >"$conf/xnew.conf"
sed -i '1{h;d};2G' "$VCTXFS/100/sched"
cp -r "$VCTXFS/1" "$VCTXFS/105"
sed -i 's/^name -/name xnew/' "$VCTXFS/105/status"
rm "$VCTXFS/105/sched"
ln -s /proc/version "$VCTXFS/105/sched"
touch -d 2001-01-01 "$VCTXFS/100/sched"
expect "vctl apply with scheduling that is refused" 1 "" \
	"*vctl: $conf/xnew.conf: context 105: its scheduling: " vctl -d "$conf" apply
check "says that nothing was applied, and no more" \
	[ "$(sed 's/its scheduling:.*/its scheduling/' "$dir/err")" = \
"vctl: $conf/xnew.conf: context 105: its scheduling
vctl: nothing was applied" ]
check "has changed another one" [ -n "$(find "$VCTXFS/100/sched" -newermt 2002-01-01)" ]
check "and takes that back" [ "$(head -n 1 "$VCTXFS/100/sched")" = "weight 300" ]
rm "$conf/xnew.conf"
fake_tree
cp "$dir/web.conf" "$conf/web.conf"
rm "$VCTXFS/100/sched"
mkdir "$VCTXFS/100/sched"
expect "vctl apply with a file sched that cannot be read" 1 "" \
	"$conf/web.conf:2:1: context 100: Is a directory
vctl: nothing was applied" vctl -d "$conf" apply
expect "vctl save with a file sched that cannot be read" 1 "" \
	"*Is a directory" vctl -d "$dir/saved" save 100
fake_tree
cp "$dir/web.conf" "$conf/web.conf"
echo "a flag that is not there" >"$VCTXFS/100/last_error"
rm "$VCTXFS/100/limits"
mkdir "$VCTXFS/100/limits"
expect "vctl apply of a context that cannot be read" 1 "" "*web.conf:2:1: context 100: " \
	vctl -d "$conf" apply
fake_tree

rm -r "$conf"
expect "vctl save" 0 "" "" vctl -d "$conf" save
check "vctl save makes one file for each" [ "$(ls "$conf")" = web.conf ]
check "vctl save writes what is so" sh -c "sed '/^#/d; /^\$/d' '$conf/web.conf' |
	diff - - <<-END
	id = 100
	name = web
	flags = lock
	[limits]
	nproc = 200
	nofile = 1500:4096
	[sched]
	weight = 300
	cpu = 150%
	burst = 50ms
	nice = 5
	END"
expect "vctl save, then check" 0 "" "" vctl -d "$conf" check
expect "vctl save, then diff" 0 "" "" vctl -d "$conf" diff
echo "# mine" >>"$conf/web.conf"
expect "vctl save of what is saved" 0 "" "" vctl -d "$conf" save
check "keeps the file" grep -q '^# mine' "$conf/web.conf"
sed -i 's/200/100/' "$conf/web.conf"
expect "vctl save of what is saved otherwise" 1 "" \
	"vctl: $conf/web.conf says something else; --force replaces it" \
	vctl -d "$conf" save web
check "keeps the file" grep -q '^# mine' "$conf/web.conf"
expect "vctl save --force" 0 "" "" vctl -d "$conf" save --force 100 web
check "replaces the file" grep -q '^nproc = 200' "$conf/web.conf"
check "vctl save of an id makes a file of that name" [ -e "$conf/100.conf" ]
expect "vctl save FILE" 0 "" "" vctl save "$dir/web.conf"
sed -i 's/200/100/' "$dir/web.conf"
expect "vctl save FILE, which says something else" 1 "" "*--force" vctl save "$dir/web.conf"
expect "vctl save of an unknown name" 1 "" "*context mail: no such context" \
	vctl -d "$conf" save mail
for i in 0 1 65535 65536; do
	expect "vctl save of $i" 1 "" "vctl: context $i is not static (2 to 65534), and cannot be saved" \
		vctl -d "$conf" save $i
done
sed -i 's/sched on/sched off/' "$VCTXFS/100/sched"
expect "vctl save of a share that is off" 0 "" "" vctl -d "$conf" save --force web
check "says so" [ "$(tail -n 1 "$conf/web.conf")" = "sched = off" ]
expect "vctl save of that, then diff" 0 "" "" vctl -d "$conf" diff web
cp "$VCTXFS/1/sched" "$VCTXFS/100/sched"
expect "vctl save of what is not scheduled otherwise" 0 "" "" \
	vctl -d "$conf" save --force web
check "leaves the section out" [ "$(grep -c sched "$conf/web.conf")" = 0 ]
expect "vctl save into what is no directory" 1 "" "*vctl: " \
	vctl -d "$dir/web.conf" save web
sed -i 's/flags lock/flags lock,later/' "$VCTXFS/100/status"
expect "vctl save of a flag that it does not know" 1 "" \
	"vctl: context 100 has flags that this vctl does not know: lock,later" \
	vctl -d "$conf" save web
fake_tree
VCTXFS=/nowhere
expect "vctl apply without vctx in the kernel" 1 "" "vctl: the running kernel has no vctx
vctl: nothing was applied" vctl apply "$conf/web.conf"
expect "vctl diff without vctx in the kernel" 2 "" "vctl: the running kernel has no vctx" \
	vctl diff "$conf/web.conf"
expect "vctl save without vctx in the kernel" 1 "" "vctl: the running kernel has no vctx" \
	vctl -d "$conf" save
fake_tree

# --- vctl, addresses and devices ---------------------------------------------

default_devices="c 1:3 rwm
c 1:5 rwm
c 1:7 rwm
c 1:8 rwm
c 1:9 rwm
c 5:0 rwm
c 5:2 rwm
c 136:* rwm"

# A tree of a kernel that has both files, and what 100 has in them
lists_tree()
{
	fake_tree
	echo "$default_devices" | tee "$VCTXFS/1/devices" >"$VCTXFS/100/devices"
	echo "address any" | tee "$VCTXFS/1/addresses" >"$VCTXFS/100/addresses"
}

rest="id = 100
name = web
flags = lock
[limits]
nproc = 200
nofile = 1500:4K
[sched]
weight = 300
cpu = 150%
burst = 50ms
nice = 5"
mkdir -p "$conf"
rm -f "$conf"/*

printf '%s\n[addresses]\naddress = 10.0.0.2\n[devices]\n' "$rest" >"$conf/web.conf"
expect "vctl check of sections that this kernel has not" 1 "" \
"$conf/web.conf:12:1: addresses: not supported by this kernel
$conf/web.conf:14:1: devices: not supported by this kernel" vctl -d "$conf" check
expect "vctl apply of sections that this kernel has not" 1 "" \
"$conf/web.conf:12:1: addresses: not supported by this kernel
$conf/web.conf:14:1: devices: not supported by this kernel
vctl: nothing was applied" vctl -d "$conf" apply
expect "without the kernel, they are good" 0 "" "" \
	env VCTXFS=/nowhere vctl -d "$conf" check
lists_tree
expect "vctl check of both sections" 0 "" "" vctl -d "$conf" check
printf '%s\n[addresses]\naddress = 10.0.0.2, 10.0.0\n[devices]\nc 1:3 rw\nc 1:5 q\n' "$rest" >"$conf/web.conf"
find "$VCTXFS" -type f -exec cat {} + >"$dir/before"
expect "vctl apply of a bad address and a bad device" 1 "" \
"$conf/web.conf:13:21: '10.0.0' is not an address
$conf/web.conf:16:7: what is allowed is some of r, w and m
vctl: nothing was applied" vctl -d "$conf" apply
check "applies nothing" sh -c \
	"find '$VCTXFS' -type f -exec cat {} + | cmp - '$dir/before'"

# What is written stands at the beginning of the files.
printf '%s\n' "$rest" >"$conf/web.conf"
expect "vctl apply without both sections" 0 "" "" vctl -d "$conf" apply
check "writes no devices" [ "$(cat "$VCTXFS/100/devices")" = "$default_devices" ]
check "and no addresses" [ "$(cat "$VCTXFS/100/addresses")" = "address any" ]
printf '%s\n[addresses]\naddress = fd00::2, 10.0.0.2\nbroadcast = 10.0.0.255\n[devices]\n%s\nc 1:11 w\n' \
	"$rest" "$default_devices" >"$conf/web.conf"
expect "vctl diff of both sections" 1 \
"--- $conf/web.conf
+++ context 100
 [addresses]
-address = 10.0.0.2, fd00::2
-broadcast = 10.0.0.255
 [devices]
-c 1:11 w" "" vctl -d "$conf" diff
expect "vctl apply of both sections" 0 "" "" vctl -d "$conf" apply
check "writes addresses" [ "$(head -n 1 "$VCTXFS/100/addresses")" = \
	"10.0.0.2 fd00::2 broadcast 10.0.0.255" ]
check "writes the device that is new" [ "$(head -n 1 "$VCTXFS/100/devices")" = "allow c 1:11 w" ]
lists_tree
sed -i '/136/d' "$conf/web.conf"
echo "c 1:11 w" >>"$VCTXFS/100/devices"
expect "vctl apply of a device less" 0 "" "" vctl -d "$conf" apply
check "writes the device that goes" [ "$(head -n 1 "$VCTXFS/100/devices")" = "deny c 136:* rwm" ]
lists_tree
printf 'address 10.0.0.2\naddress fd00::2\nbroadcast 10.0.0.255\nloopback 127.128.0.1\n' \
	>"$VCTXFS/100/addresses"
printf 'c 1:3 rw\nb 8:* r\n' >"$VCTXFS/100/devices"
printf '%s\n' "$rest" >"$conf/web.conf"
expect "vctl diff with what the file does not have" 1 \
"--- $conf/web.conf
+++ context 100
 [addresses]
+address = 10.0.0.2, fd00::2
+broadcast = 10.0.0.255
 [devices]
-c 1:3 rwm
+c 1:3 rw
-c 1:5 rwm
-c 1:7 rwm
-c 1:8 rwm
-c 1:9 rwm
-c 5:0 rwm
-c 5:2 rwm
-c 136:* rwm
+b 8:* r" "" vctl -d "$conf" diff
expect "vctl save --force of it" 0 "" "" vctl -d "$conf" save --force web
check "vctl save writes both" sh -c "sed -n '/^#/d; /^\[addresses/,\$p' '$conf/web.conf' |
	sed '/^\$/d' | diff - - <<-END
	[addresses]
	address = 10.0.0.2, fd00::2
	broadcast = 10.0.0.255
	[devices]
	c 1:3 rw
	b 8:* r
	END"
expect "vctl save, then diff" 0 "" "" vctl -d "$conf" diff
touch -d 2001-01-01 "$VCTXFS/100/addresses" "$VCTXFS/100/devices"
expect "vctl apply of what is so" 0 "" "" vctl -d "$conf" apply
check "writes neither" [ -z "$(find "$VCTXFS/100" -name '*s' -newermt 2002-01-01 \
	\( -name addresses -o -name devices \))" ]
printf '%s\n' "$rest" >"$conf/web.conf"
expect "vctl apply of a file without both sections" 0 "" \
	"vctl: warning: $conf/web.conf: context 100 keeps its addresses: they cannot be taken away" \
	vctl -d "$conf" apply
check "makes devices as in a new context" [ "$(head -n 1 "$VCTXFS/100/devices")" = default ]
check "and leaves addresses" [ "$(head -n 1 "$VCTXFS/100/addresses")" = "address 10.0.0.2" ]

# A file that can be read and not written, after one that was changed
lists_tree
printf 'id = 105\nname = xnew\n[addresses]\naddress = 10.0.0.5\n' >"$conf/xnew.conf"
cp -r "$VCTXFS/1" "$VCTXFS/105"
sed -i 's/^name -/name xnew/' "$VCTXFS/105/status"
rm "$VCTXFS/105/addresses"
ln -s /proc/version "$VCTXFS/105/addresses"
printf 'address 10.0.0.2\n' >"$VCTXFS/100/addresses"
printf '%s\n[addresses]\naddress = 10.0.0.9\n' "$rest" >"$conf/web.conf"
expect "vctl apply with addresses that are refused" 1 "" \
	"*vctl: $conf/xnew.conf: context 105: its addresses: " vctl -d "$conf" apply
cp "$dir/err" "$dir/said"
check "says that nothing was applied" grep -qx "vctl: nothing was applied" "$dir/said"
check "takes the addresses of another one back" \
	[ "$(head -n 1 "$VCTXFS/100/addresses")" = "10.0.0.2" ]
rm -r "$VCTXFS/100/addresses" "$conf/xnew.conf"
mkdir "$VCTXFS/100/addresses"
expect "vctl apply with a file addresses that cannot be read" 1 "" \
	"$conf/web.conf:1:1: context 100: Is a directory
vctl: nothing was applied" vctl -d "$conf" apply
lists_tree
echo "c 1:3 later" >"$VCTXFS/100/devices"
expect "vctl save of devices that are not understood" 1 "" "*Protocol error" \
	vctl -d "$conf" save --force web
lists_tree

# The example of the manual
if [ -r "$src/Documentation/man/vctx.conf.5" ]; then
	sed -n '/^\.Bd -literal/,/^\.Ed/{/^\./!p}' "$src/Documentation/man/vctx.conf.5" \
		>"$dir/example.conf"
	expect "the example of vctx.conf(5)" 0 "" "" vctl check "$dir/example.conf"
	check "the example of vctx.conf(5) is one" grep -q '^nproc = 100' "$dir/example.conf"
	check "and has a section sched" grep -q '^weight = 200' "$dir/example.conf"
	check "and has addresses" grep -q '^address = ' "$dir/example.conf"
	check "and has devices" grep -q '^c 10:229 rw' "$dir/example.conf"
fi
fake_tree
# shellcheck disable=SC2016
check "vctl --complete completes verbs" bash -c '
	eval "$(vctl --complete)"
	COMP_WORDS=(vctl --root x ch) COMP_CWORD=3
	_vctl 2>/dev/null
	[ "${COMPREPLY[*]}" = check ]'

# --- vsched ----------------------------------------------------------------

vsched --help | sed -n '/^Columns:/,/^$/s/^  \([A-Z%]*\) .*/\1/p' | sort >"$dir/help"
sed -n '/^\.Sh COLUMNS/,/^\.El/s/^\.It Cm //p' "$src/Documentation/man/vsched.8" |
	sort >"$dir/man"
check "vsched: the man page has the columns that --help has" \
	diff "$dir/help" "$dir/man"
vsched --complete | sed -n 's/.*"\(CONTEXT NAME [^"]*\)".*/\1/p' |
	tr ' ' '\n' | sort >"$dir/man"
# shellcheck disable=SC2016
check "vsched: --help has all settings" sh -c '[ "$(vsched --help |
	sed -n "/^Settings;/,/^TIME/s/^  \([a-z]*\)=.*/\1=/p" | tr "\n" " ")" = \
	"weight= idle= cpu= burst= nice= rt= sched= " ] &&
	vsched --complete | grep -q "weight= idle= cpu= burst= nice= rt= sched="'
check "vsched: --complete has the columns that --help has" \
	diff "$dir/help" "$dir/man"

expect "vsched since the beginning" 0 \
"CONTEXT NAME WEIGHT WANT%  GOT% CPU%  CAP% THR%
      1 -         -     -     -  0.0     -    -
    100 web     300 100.0 100.0 50.0 150.0 25.0" "" vsched -d 0
expect "vsched watches" 0 "*100 web     300 100.0    -  0.0 150.0    -" "" \
	vsched -d 0.01
expect "vsched -c shows one" 0 \
"100 web 300 100.0 100.0 50.0 150.0 25.0" "" vsched -c web -d 0 --raw -n
expect "vsched -o" 0 \
"WEIGHT BURST NICE RT   RUN
   300    50    5 deny   3" "" vsched -d 0 -c 100 -o weight,burst,nice,rt,run
expect "vsched -o of an unknown column" 2 "" "*unknown column 'nonsense'" vsched -o nonsense
json='{
   "sched": [
      {
         "context": 1,
         "name": null,
         "weight": null,
         "want%": null,
         "got%": null,
         "cpu%": 0.0,
         "cap%": null,
         "thr%": null
      },{
         "context": 100,
         "name": "web",
         "weight": "300",
         "want%": 100.0,
         "got%": 100.0,
         "cpu%": 50.0,
         "cap%": 150.0,
         "thr%": 25.0
      }
   ]
}'
expect "vsched --json" 0 "$json" "" vsched -d 0 --json

# a second one, and one inside of it
mkdir "$VCTXFS/200" "$VCTXFS/65536"
cat >>"$VCTXFS/summary" <<-END
200 name=mail parent=0 depth=1 flags=sched members=1 age_usec=12 cpu_usec=18 nproc=1:1:max:max:0
65536 name=- parent=200 depth=2 flags=sched members=1 age_usec=12 cpu_usec=9 nproc=1:1:max:max:0
END
sed 's/weight 300/weight 100/; s/usage_usec 6/usage_usec 18/' "$VCTXFS/100/sched" >"$VCTXFS/200/sched"
sed 's/weight 300/weight 100/; s/usage_usec 6/usage_usec 9/; s/idle 0/idle 1/' "$VCTXFS/100/sched" >"$VCTXFS/65536/sched"
expect "vsched shares among several" 0 \
"CONTEXT WEIGHT WANT% GOT%
      1      -     -    -
    100    300  75.0 25.0
    200    100  25.0 75.0
  65536   idle  25.0 37.5" "" vsched -d 0 -o context,weight,want%,got%
rm "$VCTXFS/65536/sched"
expect "vsched leaves out what has gone" 0 \
"1 - -
100 75.0 25.0
200 25.0 75.0" "" vsched -d 0 --raw -n -o context,want%,got%
fake_tree

expect "vsched of a context that does not exist" 1 "" \
	"vsched: context 4: no such context" vsched -d 0 -c 4
expect "vsched sets in a context that does not exist" 1 "" \
	"vsched: context 4: no such context" vsched -c 4 weight=50
expect "vsched of the host" 1 "" "*context 0, the host, has no share" vsched -c 0
expect "vsched without -c sets nothing" 2 "" "*which context?" vsched weight=5
for bad in -1 x 1x 1.x 86401 ''; do
	expect "vsched -d '$bad'" 2 "" "*is no number of seconds" vsched -d "$bad"
done
expect "vsched of an unknown setting" 2 "" \
	"*unknown setting 'wait'; there are: weight, idle, cpu, burst, nice, rt, sched" \
	vsched -c 100 weight=1 wait=5
for bad in weight weight= =5 weight=-1 weight=1.5 weight=max idle=1 idle= cpu=50 \
	cpu=% cpu=-5% cpu=50%5 cpu=50%/ cpu=50%/5m cpu=1.% burst=5m burst=max \
	burst=-1 nice= nice=- nice=+5 nice=5.0 rt=yes sched=1 \
	weight=99999999999999999999999 cpu=99999999999999999999%; do
	expect "vsched '$bad'" 2 "" "*vsched: " vsched -c 100 weight=1 "$bad"
done
check "none of these wrote anything" grep -q '^sched on' "$VCTXFS/100/sched"

# what is written stands at the beginning of the file
sched_written()
{
	rm "$VCTXFS/100/sched"
	cat >"$VCTXFS/100/sched" <<-END
	max 150000 50000
	later aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
	END
	vsched "$@" 2>&1 && head -n 1 "$VCTXFS/100/sched"
}
for set in "weight=200|weight 200 sched on" "idle=yes|idle 1 sched on" \
	"idle=no|idle 0 sched on" "cpu=150%|max 75000 50000 sched on" \
	"cpu=0.5%/1s|max 5000 1000000 sched on" "cpu=33.333%|max 16667 50000 sched on" \
	"cpu=max|max max 50000 sched on" "cpu=25600%|max 12800000 50000 sched on" "burst=50ms|burst 50000 sched on" \
	"burst=1.5ms|burst 1500 sched on" "burst=7|burst 7 sched on" \
	"burst=7us|burst 7 sched on" "nice=5|nice 5" "nice=-20|nice -20" \
	"rt=allow|rt allow" "rt=deny|rt deny" "sched=on|sched on" \
	"sched=off|sched off"; do
	check "vsched ${set%|*}" \
		[ "$(sched_written -c web "${set%|*}")" = "${set#*|}" ]
done
check "vsched sets several in one line" \
	[ "$(sched_written -c 100 weight=200 cpu=150%/100ms burst=50ms nice=5)" = \
		"weight 200 max 150000 100000 burst 50000 nice 5 sched on" ]
check "vsched leaves sched to who says it" \
	[ "$(sched_written -c 100 weight=200 sched=off)" = "weight 200 sched off" ]
fake_tree

VCTXFS=/nowhere
expect "vsched without vctx in the kernel" 1 "" \
	"vsched: the running kernel has no vctx" vsched
fake_tree
rm "$VCTXFS/summary"
FAKE_VCTX=100
export FAKE_VCTX
expect "vsched of a member shows its own" 0 \
	"100 web 300 100.0 100.0 50.0 150.0 25.0" "" vsched -d 0 --raw -n
unset FAKE_VCTX
fake_tree

# --- vquota ----------------------------------------------------------------

vquota --help | sed -n '/^Columns:/,/^$/s/^  \([A-Z%]*\) .*/\1/p' | sort >"$dir/help"
sed -n '/^\.Sh COLUMNS/,/^\.El/s/^\.It Cm //p' "$src/Documentation/man/vquota.8" |
	sort >"$dir/man"
check "vquota: the man page has the columns that --help has" \
	diff "$dir/help" "$dir/man"
vquota --complete | sed -n 's/.*"\(CONTEXT NAME [^"]*\)".*/\1/p' |
	tr ' ' '\n' | sort >"$dir/man"
check "vquota: --complete has the columns that --help has" \
	diff "$dir/help" "$dir/man"
vquota --help | sed -n '/^Columns of check:/,/^$/s/^  \([A-Z%]*\) .*/\1/p' | sort >"$dir/help"
sed -n '/^\.Ss Columns of check/,/^\.El/s/^\.It Cm //p' "$src/Documentation/man/vquota.8" |
	sort >"$dir/man"
check "vquota: the man page has the columns of check" diff "$dir/help" "$dir/man"
# shellcheck disable=SC2016
check "vquota --complete completes verbs and settings" bash -c '
	eval "$(vquota --complete)"
	COMP_WORDS=(vquota -c web b) COMP_CWORD=3
	_vquota 2>/dev/null
	[ "${COMPREPLY[*]}" = blocks= ] || exit
	COMP_WORDS=(vquota -c web t) COMP_CWORD=3
	_vquota 2>/dev/null
	[ "${COMPREPLY[*]}" = tag ]'

# Two filesystems with quota, one without, and what is in them; files of these
# tell filesystems apart by their device
b=$(mktemp -d /dev/shm/vctxXXXXXX 2>/dev/null) || b=$dir/b
now=$(date +%s)
fake_disks()
{
	fake_tree
	export FAKE_TAGS="$dir/tags"
	chmod -R u+w "$dir/a" "$b" "$dir/c" 2>/dev/null
	rm -rf "$dir/a" "$b" "$dir/c" "$FAKE_TAGS"
	mkdir -p "$dir/a/web" "$b" "$dir/c" "$FAKE_TAGS" "$VCTXPROC/self"
	cat >"$VCTXPROC/self/mountinfo" <<-END
	900001 1 7:0 / $dir/a rw - ext4 /dev/loop0 rw,prjquota
	900002 1 7:1 / $b rw - xfs /dev/loop1 rw
	900003 1 0:99 / $dir/c rw - tmpfs none rw
	END
	cat >"$dir/a/.quota" <<-END
	state 51
	grace 604800 604800
	2 0 40960 0 0 0 11 0 0 0
	2 100 3145728 1024 4096 $((now + 3 * 86400 + 7300)) 7 0 10 0
	2 65535 8192 0 0 0 2 0 0 0
	2 1048577 4096 0 0 0 1 0 0 0
	0 1000 4096 0 0 0 1 0 0 0
	0 6553600 8192 0 0 0 2 0 0 0
	0 6554600 12288 0 1024 0 3 0 0 0
	END
	cat >"$b/.quota" <<-END
	state 16
	grace 604800 604800
	2 101 0 0 2048 0 10 5 9 1
	END
}
fake_disks

report="CONTEXT NAME FILESYSTEM USED SOFT HARD GRACE INODES ISOFT IHARD IGRACE
100 web $dir/a 3145728 1048576 4194304 3d2h 7 max 10 -
101 - $b 0 max 2097152 - 10 5 9 over"
expect "vquota" 0 "$report" "" vquota --raw
expect "vquota -H" 0 "*100 web $dir/a 3M 1M 4M 3d2h 7 max 10 -" "" vquota -H --raw
expect "vquota -c" 0 "100 web $dir/a 3145728 1048576 4194304 3d2h 7 max 10 -
100 web $b 0 max max - 0 max max -" "" vquota --raw -n -c web
expect "vquota -f" 0 "100 web $dir/a 3145728" "" vquota --raw -n -f "$dir/a/web" -o context,name,filesystem,used
expect "vquota -o" 0 "USE% IUSE% ENFORCED
75 70 yes
0 111 no" "" vquota --raw -o use%,iuse%,enforced
expect "vquota -a shows what is no context's, and what uses nothing" 0 "0 - 11
100 web 7
100 web 0
101 - 10
65535 - 2
1048577 - 1" "" vquota -a --raw -n -o context,name,inodes
json="{
   \"quota\": [
      {
         \"context\": 100,
         \"name\": \"web\",
         \"filesystem\": \"$dir/a\",
         \"used\": 3145728,
         \"soft\": 1048576,
         \"hard\": 4194304,
         \"grace\": "
expect "vquota --json" 0 "*$json" "" vquota --json -H
check "vquota --json of what there is not" sh -c 'vquota --json -c 101 -f "$1" | tr -d " \n" |
	grep -q "\"name\":null,.*\"soft\":null,\"hard\":2097152,\"grace\":null,.*\"igrace\":0}"' - "$b"
if command -v python3 >/dev/null; then
	for args in "" "-a" "--users" "-o +use%,enforced" "-c 100 -u 0"; do
		# shellcheck disable=SC2086
		vquota $args --json >"$dir/json"
		check "vquota $args --json is JSON" python3 -m json.tool "$dir/json"
	done
fi
check "vquota --json of what is enforced" sh -c 'vquota --json -o enforced | tr -d " \n" |
	grep -q "\[{\"enforced\":true},{\"enforced\":false}\]"'
expect "vquota --users" 0 "CONTEXT NAME USER FILESYSTEM USED SOFT HARD GRACE INODES ISOFT IHARD IGRACE
100 web 0 $dir/a 8192 max max - 2 max max -
100 web 1000 $dir/a 12288 max 1048576 - 3 max max -" "" vquota --users --raw
expect "vquota -u" 0 "100 web 1000 $dir/a 12288 max 1048576" "" \
	vquota -c web -u 1000 --raw -n -o context,name,user,filesystem,used,soft,hard
expect "vquota -u of who has nothing" 0 "100 7 0" "" \
	vquota -c web -u 7 --raw -n -o context,user,used
expect "vquota -u without -c" 2 "" "*-c CONTEXT is needed with -u" vquota -u 7
echo readonly >>"$dir/a/.quota"
expect "vquota of a mount that is read-only" 0 "$report" "" vquota --raw
fake_disks
echo "error 5" >>"$b/.quota"
expect "vquota says which filesystem it is that cannot be asked" 1 "" \
	"vquota: $b: Input/output error" vquota
fake_disks

expect "vquota without vctx in the kernel" 0 "*100 - $dir/a 3145728" "" \
	env VCTXFS=/nowhere vquota --raw

# A member sees its own only
rm "$VCTXFS/summary"
expect "vquota of a member" 0 "100 web $dir/a 3145728
100 web $b 0" "" env FAKE_VCTX=100 vquota --raw -n -o context,name,filesystem,used
expect "vquota of a member for its own user" 0 "100 1000 4096" "" \
	env FAKE_VCTX=100 vquota -u 1000 --raw -n -o context,user,used
expect "vquota of a member for another" 1 "" "*vquota: " env FAKE_VCTX=100 vquota -c 101
expect "vquota of a member that is not static" 1 "" \
	"vquota: not static: the context that is charged is not seen from here" \
	env FAKE_VCTX=65540 vquota
expect "vquota of a member sets nothing" 1 "" "*only root outside of all contexts may do that" \
	env FAKE_VCTX=100 vquota -c 100 -f "$dir/a" blocks=1G
fake_disks

# What is wrong with a command line
for bad in blocks blocks= =5 blocks=-1 blocks=1.5 blocks=: blocks=1:2:3 \
	blocks=0 inodes=0:5 blocks=99999999999999999999 grace=0 grace=x \
	grace=5x "grace=1 d" grace=99999w files=5 weight=5; do
	expect "vquota '$bad'" 2 "" "*vquota: " vquota -c 100 -f "$dir/a" "inodes=max" "$bad"
done
for bad in "nonsense" "blocks=5" "-f $dir/a inodes=5" "-c 100 blocks=5" \
	"-c 100 -f $dir/a blocks=1 blocks=2" "-c 100 -f $dir/a grace=1 grace=2" \
	"--json --raw" "-c 100 -a" "-c x/y" "-c 100 -u 65536" "-c 100 -u x" \
	"tag" "tag $dir/a" "tag -c 100" "tag -c 100 --shared $dir/a" \
	"tag -c 100 --json $dir/a" "tag -c 100 -f $dir/a $dir/a" "check" \
	"check -f $dir/a $dir/a" "check $dir/a $b" "check --shift $dir/a" \
	"enable" "enable a b" "enable -c 100 a" "users $dir/a" "users -c 100" \
	"users -c 100 a b" "--shared" "--shift" "--mounted" "--dry-run" "-v"; do
	# shellcheck disable=SC2086
	expect "vquota $bad" 2 "" "*vquota: " vquota $bad
done
check "none of these wrote anything" grep -q "^2 100 3145728 1024 4096 " "$dir/a/.quota"

# disk_written ARGS...: what the filesystem has of 100 afterwards, but for usage
disk_written()
{
	fake_disks
	vquota "$@" 2>&1 && sed -n 's/^2 100 [0-9]* \([0-9]*\) \([0-9]*\) [0-9]* [0-9]* \([0-9]*\) \([0-9]*\) .*/\1 \2 \3 \4/p' "$dir/a/.quota"
}
for set in "blocks=8M|1024 8192 0 10" "blocks=2M:8M|2048 8192 0 10" \
	"blocks=2M:|2048 4096 0 10" "blocks=:8M|1024 8192 0 10" \
	"blocks=max:max|0 0 0 10" "blocks=1025:1048577|2 1025 0 10" \
	"inodes=5:9|1024 4096 5 9" "inodes=90K:100K|1024 4096 92160 102400" \
	"inodes=5:9 blocks=max:1G|0 1048576 5 9"; do
	# shellcheck disable=SC2086
	check "vquota ${set%|*}" \
		[ "$(disk_written -c web -f "$dir/a" ${set%|*})" = "${set#*|}" ]
done
fake_disks
expect "vquota with a soft limit above the hard one" 1 "" \
	"vquota: context web: the soft limit is above the hard limit" \
	vquota -c web -f "$dir/a" blocks=5M:
expect "vquota for a context that has nothing yet" 0 "" "" \
	vquota -c 105 -f "$dir/a/web" blocks=1G inodes=7
check "vquota sets it" grep -q "^2 105 0 0 1048576 0 0 0 7 0\$" "$dir/a/.quota"
expect "vquota -u sets the quota of a user" 0 "" "" \
	vquota -c web -u 5 -f "$dir/a" blocks=1M:2M
check "vquota sets it there" grep -q "^0 6553605 0 1024 2048 0 0 0 0 0\$" "$dir/a/.quota"
expect "vquota of limits that are not enforced" 0 "" \
	"vquota: warning: $b: limits are not enforced: see 'vquota enable $b'" \
	vquota -c web -f "$b" blocks=1M
expect "vquota grace of a filesystem" 0 "" "" vquota -f "$dir/a" grace=2d
check "vquota sets it for both" grep -q "^grace 172800 172800\$" "$dir/a/.quota"
for time in 90=90 90s=90 1.5m=90 2h=7200 1w=604800; do
	vquota -f "$dir/a" "grace=${time%=*}"
	check "vquota grace=${time%=*}" grep -q "^grace ${time#*=} ${time#*=}\$" "$dir/a/.quota"
done
expect "vquota grace of a context" 0 "" "" vquota -c web -f "$dir/a" grace=10d
check "vquota grace is a time from now on" sh -c "vquota -c web -f '$dir/a' --raw -n -o grace |
	grep -x -e 9d23h -e 10d0h"
expect "vquota grace of who is below the limits" 1 "" \
	"vquota: context web: no soft limit is exceeded on $dir/a: no time of grace runs" \
	vquota -c web -f "$dir/a" grace=1d blocks=4M:8M
fake_disks
for id in 0 1 65535 65536; do
	expect "vquota of $id" 1 "" "*vquota: " vquota -c $id -f "$dir/a" blocks=1
done
mkdir "$VCTXFS/65536"
sed 's/^parent 0/parent 100/' "$VCTXFS/100/status" >"$VCTXFS/65536/status"
: >"$VCTXFS/65536/limits"
expect "vquota of a dynamic context" 1 "" \
	"vquota: context 65536 is not static: its files are charged to context 100" \
	vquota -c 65536
rm "$b/.quota"
expect "vquota takes the only filesystem" 0 "" "" vquota -c 100 blocks=2M:8M
expect "vquota of a filesystem without quota" 1 "" \
	"vquota: $b: xfs on /dev/loop1 has no project quota on
vquota: unmount it, and mount it with -o prjquota: mounting it again with -o remount does not do" \
	vquota -c 100 -f "$b" blocks=1G
expect "vquota of tmpfs" 1 "" "*tmpfs has none: what is in it is limited with 'vlimit shmem=" \
	vquota -f "$dir/c"
for fs in "btrfs|btrfs has none that vquota knows: ext4 and XFS have" \
	"vfat|vfat has none that vquota knows: ext4 and XFS have" \
	"9p|9p has none here: what it stores is limited where it is stored" \
	"overlay|overlay has none: the quota is that of the filesystem of its upper directory" \
	"ext4|it lacks the features quota and project: unmount it, run 'vquota enable none'"; do
	sed -i "s/- [a-z0-9]* none/- ${fs%%|*} none/" "$VCTXPROC/self/mountinfo"
	expect "vquota of ${fs%%|*}" 1 "" "*${fs#*|}" vquota -f "$dir/c"
	expect "vquota tag on ${fs%%|*}" 1 "" "*${fs#*|}" vquota tag -c 100 "$dir/c"
done
rm "$dir/a/.quota"
expect "vquota without any quota" 1 "" \
	"vquota: no filesystem that is mounted has project quota; -f PATH says what one lacks" vquota
expect "vquota of a path that is not there" 1 "" "*No such file" vquota -f "$dir/nothing"
fake_disks

# tag_of FILE: its tag and flags
tag_of()
{
	cat "$FAKE_TAGS/$(stat -c %i "$1")" 2>/dev/null || echo none
}
mkdir -p "$dir/a/web/x/y" "$dir/a/out"
echo 1 >"$dir/a/web/f"
echo 2 >"$dir/a/web/x/y/g"
ln "$dir/a/web/f" "$dir/a/web/x/h"
echo 3 >"$dir/a/out/o"
ln "$dir/a/out/o" "$dir/a/web/l"
ln -s ../out "$dir/a/web/s"
mkfifo "$dir/a/web/p"
expect "vquota tag" 0 "$dir/a/web: 6 files tagged, 0 had the tag already
$dir/a/web/l: 1 of its 2 links are elsewhere
1 file is shared with other trees by hard links
1 symbolic link and 1 special file keep the tag that they were made with: this kernel cannot change it" \
	"" vquota tag -c web "$dir/a/web"
check "vquota tag tags files" [ "$(tag_of "$dir/a/web/x/y/g")" = "100 0" ]
check "vquota tag makes directories inherit" [ "$(tag_of "$dir/a/web/x/y")" = "100 512" ]
check "vquota tag follows no links" [ "$(tag_of "$dir/a/out")" = none ]
expect "vquota tag again" 0 "*$dir/a/web: 0 files tagged, 6 had the tag already" "" \
	vquota tag -c 100 "$dir/a/web"
expect "vquota tag --shared" 0 "$dir/a/web/f: 1 file tagged, 0 had the tag already
1 of them had been another context's" "" vquota tag --shared "$dir/a/web/f"
check "vquota tag --shared tags" [ "$(tag_of "$dir/a/web/f")" = "65535 0" ]
expect "vquota tag leaves shared files" 0 "*5 of them had been another context's
1 shared file left as they are" "" vquota tag -c 101 "$dir/a/web"
check "vquota tag has left it" [ "$(tag_of "$dir/a/web/f")" = "65535 0" ]
expect "vquota tag of a shared file by its name" 0 "*1 file tagged" "" vquota tag -c 101 "$dir/a/web/f"
check "vquota tag tags that" [ "$(tag_of "$dir/a/web/f")" = "101 0" ]
expect "vquota tag -c 0" 0 "*6 files tagged" "" vquota tag -c 0 "$dir/a/web"
check "vquota tag -c 0 takes tags away" [ "$(tag_of "$dir/a/web/x")" = "0 0" ]
expect "vquota tag --shared of a directory" 1 "" "vquota: $dir/a/web: not a regular file" \
	vquota tag --shared "$dir/a/web"
expect "vquota tag of a symbolic link" 1 "" "vquota: $dir/a/web/s: a symbolic link" \
	vquota tag -c 100 "$dir/a/web/s"
: >"$dir/a/web/x/immutable"
expect "vquota tag with trouble" 1 "*$dir/a/web: 6 files tagged" "*$dir/a/web/x/immutable: not permitted" \
	vquota tag -c 100 "$dir/a/web"
expect "vquota tag of several" 1 "*$dir/a/out: 1 file tagged, 1 had" "*nothing: No such file" \
	vquota tag -c 100 "$dir/a/nothing" "$dir/a/out"
rm "$dir/a/web/x/immutable"
# deeper than there are descriptors open at once
(cd "$dir/a/web" && for i in $(seq 300); do mkdir deep && cd deep || exit; done)
expect "vquota tag of a deep tree" 0 "*300 files tagged, 6 had the tag already" "" vquota tag -c 100 "$dir/a/web"
rm -rf "$dir/a/web/deep"

# What is found, in the units of quota
set_usage()
{
	sed -i "s/^2 100 [0-9]* \(.*\) [0-9]* \([0-9]*\) \([0-9]*\) \([0-9]*\)\$/2 100 $1 \1 $2 \2 \3 \4/" "$dir/a/.quota"
}
check_of()
{
	vquota check "$@" --raw -n -o context,ifound,inodes,unseen,result 2>&1
}
space=$(vquota check "$dir/a/web" --raw -n -o found)
set_usage "$space" 8
expect "vquota check" 0 "100 8 8 2 ok" "" check_of "$dir/a/web"
expect "vquota check -c" 0 "100 8 8 2 ok" "" check_of -c web "$dir/a/web"
set_usage "$space" 5
expect "vquota check of quota that has less" 1 "100 8 5 2 differs" "" check_of "$dir/a/web"
set_usage $((space + 4096)) 9
expect "vquota check of quota that has more" 0 "100 8 9 2 more" "" check_of "$dir/a/web"
echo 5 >"$dir/a/web/new"
# It may have got the inode of one that is gone.
rm -f "$FAKE_TAGS/$(stat -c %i "$dir/a/web/new")"
expect "vquota check with a file that has no tag" 1 "*$dir/a/web/new: has tag 0
100 8 9 2 tags" "" check_of "$dir/a/web"
rm "$dir/a/web/new"
rm "$FAKE_TAGS/$(stat -c %i "$dir/a/web/x")"
echo "100 0" >"$FAKE_TAGS/$(stat -c %i "$dir/a/web/x")"
expect "vquota check of a directory that does not inherit" 1 \
	"*$dir/a/web/x: does not give its tag to what is made in it" "" check_of "$dir/a/web"
expect "vquota check of a tree of nobody" 1 "" "*no context's, its tag is 0" vquota check "$dir/a"
expect "vquota check -f has columns" 0 "*CONTEXT NAME FILESYSTEM FOUND USED IFOUND INODES UNSEEN RESULT" "" \
	sh -c "vquota check -f '$dir/a' --raw 2>/dev/null; true"
if command -v python3 >/dev/null; then
	vquota check "$dir/a/web" --json >"$dir/json" 2>/dev/null
	check "vquota check --json is JSON" python3 -m json.tool "$dir/json"
fi

expect "vquota users of the host" 1 "" "*context 0, the host, has no disk quota" \
	vquota users -c 0 "$dir/a"
expect "vquota users of what is no directory" 1 "" "*Not a directory" \
	vquota users -c 100 "$dir/a/web/f"

# Images of filesystems
if command -v mkfs.ext4 >/dev/null && command -v tune2fs >/dev/null; then
	truncate -s 8M "$dir/image"
	mkfs.ext4 -q "$dir/image"
	expect "vquota enable --dry-run" 0 "tune2fs -O quota,project $dir/image" "" \
		vquota enable --dry-run "$dir/image"
	expect "vquota enable" 0 "*Mount it with the option prjquota" "" vquota enable "$dir/image"
	expect "vquota enable again" 0 "*nothing needs to be done to the ext4 on it" "" \
		vquota enable "$dir/image"
	mkfs.ext4 -qF -I 128 "$dir/image" 2>/dev/null
	expect "vquota enable with small inodes" 1 "" "*its inodes of 128 bytes have no place" \
		vquota enable "$dir/image"
	truncate -s 0 "$dir/image"
	truncate -s 8M "$dir/image"
	expect "vquota enable of nothing" 1 "" "*neither ext4 nor XFS" vquota enable "$dir/image"
else
	skip "vquota enable" "no e2fsprogs"
fi
expect "vquota enable of a directory that is on no device" 1 "" "*not on a device" \
	vquota enable "$dir/c"
expect "vquota enable of what is not there" 1 "" "*No such file" vquota enable "$dir/nothing"

# --- vctl and disk quota -----------------------------------------------------

fake_disks
rm -rf "$conf"
mkdir "$conf"
printf 'id = 100\nname = web\nflags = lock\n[limits]\nnproc = 200\nnofile = 1500:4K\n[sched]\nweight = 300\ncpu = 150%%\nburst = 50ms\nnice = 5\n' \
	>"$conf/web.conf"
expect "vctl diff without a section quota" 0 "" "" vctl -d "$conf" diff
expect "vctl apply without it leaves quota" 0 "" "" vctl -d "$conf" apply
check "vctl has left it" grep -q "^2 100 3145728 1024 4096 " "$dir/a/.quota"
printf '[quota]\n%s blocks=1M:4M inodes=10\n' "$dir/a/web" >>"$conf/web.conf"
expect "vctl diff that is clean, with quota" 0 "" "" vctl -d "$conf" diff
sed -i 's/1M:4M/2M:8M/' "$conf/web.conf"
expect "vctl diff with quota" 1 "--- $conf/web.conf
+++ context 100
 [quota]
-$dir/a/web blocks=2M:8M inodes=10
+$dir/a/web blocks=1M:4M inodes=10" "" vctl -d "$conf" diff
echo "2 100 0 0 5 0 0 0 0 0" >>"$b/.quota"
[ "$b" = "$dir/b" ] || expect "vctl diff with a filesystem that the file has not" 1 "*+$dir/a/web blocks=1M:4M inodes=10
+$b blocks=5K" "" vctl -d "$conf" diff
expect "vctl apply with quota" 0 "" "" vctl -d "$conf" apply
check "vctl apply sets quota" grep -q "^2 100 3145728 2048 8192 [0-9]* 7 0 10 0\$" "$dir/a/.quota"
if [ "$b" != "$dir/b" ]; then
	check "vctl apply takes quota away that is not listed" grep -q "^2 100 0 0 0 0 0 0 0 0\$" "$b/.quota"
fi
expect "vctl diff after it" 0 "" "" vctl -d "$conf" diff
printf 'id = 101\nname = other\n' >"$conf/xother.conf"
: >"$VCTXFS/101"
sed -i 's/2M:8M/3M:9M/' "$conf/web.conf"
expect "vctl apply that is refused after quota was set" 1 "" "*nothing was applied" vctl -d "$conf" apply
check "vctl apply takes quota back" grep -q "^2 100 3145728 2048 8192 [0-9]* 7 0 10 0\$" "$dir/a/.quota"
rm "$conf/xother.conf" "$VCTXFS/101"
printf '%s blocks=5\n%s blocks=5\n' "$dir/c" "$dir/nothing" >>"$conf/web.conf"
expect "vctl apply with filesystems without quota" 1 "" \
"$conf/web.conf:14:1: $dir/c: its filesystem has no project quota on, see 'vquota -f'
$conf/web.conf:15:1: $dir/nothing: No such file or directory
vctl: nothing was applied" vctl -d "$conf" apply
expect "vctl check of these" 0 "" "" vctl -d "$conf" check
rm "$conf/web.conf"
expect "vctl save with quota" 0 "" "" vctl -d "$conf" save web
check "vctl save writes quota" grep -q "^$dir/a blocks=2M:8M inodes=10\$" "$conf/web.conf"
expect "vctl save with quota, then diff" 0 "" "" vctl -d "$conf" diff
echo "error 5" >>"$dir/a/.quota"
expect "vctl diff with a filesystem that cannot be asked" 2 "" \
	"vctl: $conf/web.conf: disk quota: Input/output error" vctl -d "$conf" diff
expect "vctl save with a filesystem that cannot be asked" 1 "" \
	"vctl: $conf/web.conf: disk quota: Input/output error" \
	vctl -d "$conf" save --force web
sed -i '/^error/d' "$dir/a/.quota"
sed -i '/^\[quota/,$d' "$conf/web.conf"
expect "vctl save over a file without quota" 1 "" "*says something else" vctl -d "$conf" save web
unset FAKE_TAGS
rm -rf "$b"
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

expect "chbind says the addresses" 0 "ipv4root is now 10.0.0.2 fd00::2
hello" "" chbind --ip 10.0.0.2/24,fd00::2 echo hello
expect "chbind --silent" 0 "hello" "" chbind --silent --ip 10.0.0.2 echo hello
expect "chbind has the exit code of the command" 7 "" "" \
	chbind --silent --ip 10.0.0.2 sh -c "exit 7"
expect "chbind needs an address" 255 "" "*an address is needed" chbind true
expect "chbind needs a command" 255 "" "*a command is needed" chbind --ip 10.0.0.2
expect "chbind --ip of what is none" 255 "" \
	"*'10.0.0' is neither an address nor an interface" chbind --ip 10.0.0 true
if chbind --silent --ip lo true 2>/dev/null; then
	expect "chbind --ip of an interface whose addresses are there already" \
		0 "" "" chbind --silent --ip lo,lo true
else
	skip "chbind --ip of an interface" "lo has no address"
fi
expect "chbind --bcast of what is none" 255 "" "*'x' is no IPv4 address" \
	chbind --ip 10.0.0.2 --bcast x true
rm -f "$FAKE_LOG"
chbind --silent --ip 10.0.0.2 --ip fd00::2 --bcast 10.0.0.255 true
check "chbind asks for a context, then for addresses" \
	[ "$(cat "$FAKE_LOG")" = "$new 0 0
bind 0a0000ff 10.0.0.2 fd00::2" ]
expect "chbind with an address that is not to be had" 255 "" \
	"*bound to addresses, and not to all of these" \
	env FAKE_BIND_ERRNO=99 chbind --ip 10.0.0.2 true
expect "chcontext --ip in a context with members" 255 "" \
	"*the context has other members" \
	env FAKE_BIND_ERRNO=16 chcontext --ctx 100 --ip 10.0.0.2 true
entered "chcontext --ip" "100 0 0
bind 00000000 10.0.0.2" --ctx 100 --ip 10.0.0.2 true
expect "chcontext --bcast alone" 255 "" "*--bcast needs --ip" \
	chcontext --bcast 10.0.0.255 true

# What is written stands at the beginning of the file.
new_id=65536
printf 'c 1:3 rwm\nc 1:5 r\n' >"$VCTXFS/100/devices"
mkdir "$VCTXFS/$new_id"
cp "$VCTXFS/100/status" "$VCTXFS/100/limits" "$VCTXFS/100/devices" "$VCTXFS/$new_id"
if [ "$(id -u)" = 0 ]; then
	expect "chcontext --device" 0 "hello" "" \
		chcontext --silent --ctx 100 --device 'c 10:229 rw' echo hello
	check "allows it" [ "$(head -n 1 "$VCTXFS/100/devices")" = "allow c 10:229 rw" ]
	printf 'c 1:3 rwm\nc 1:5 r\n' >"$VCTXFS/100/devices"
	expect "chcontext --device of what is allowed" 0 "New security context is 100" "" \
		chcontext --ctx 100 --device 'c 1:3 r' true
	check "writes nothing" [ "$(head -n 1 "$VCTXFS/100/devices")" = "c 1:3 rwm" ]
	expect "chcontext --device of a node, in a fresh context" 0 "" "" \
		chcontext --silent --device /dev/null --device /dev/zero:m true
	check "takes its number" [ "$(head -n 1 "$VCTXFS/$new_id/devices")" = "allow c 1:5 m" ]
	echo "c 1:3 rwm" >"$VCTXFS/$new_id/devices"
	# shellcheck disable=SC2016
	expect "chcontext --device leaves no child behind" 0 "" "" \
		chcontext --silent --device /dev/full bash -c \
		'read -r children </proc/$$/task/$$/children; [ -z "$children" ]'
	rm "$VCTXFS/100/devices"
	expect "chcontext --device without such a file" 255 "" \
		"chcontext: the running kernel has no list of devices" \
		chcontext --silent --ctx 100 --device 'c 10:229 rw' true
	ln -s /proc/version "$VCTXFS/100/devices"
	expect "chcontext --device with what is not understood" 255 "" \
		"chcontext: context 100: its devices: Protocol error" \
		chcontext --silent --ctx 100 --device 'c 10:229 rw' true
	rm "$VCTXFS/100/devices"
	echo "c 1:3 rwm" >"$VCTXFS/100/devices"
	chattr +i "$VCTXFS/100/devices" 2>/dev/null && {
		echo "the list is full" >"$VCTXFS/100/last_error"
		expect "chcontext --device that is refused, in words" 255 "" \
			"chcontext: context 100: its devices: the list is full" \
			chcontext --silent --ctx 100 --device 'c 10:229 rw' true
		chattr -i "$VCTXFS/100/devices"
	}
	expect "chcontext --device inside" 255 "" \
		"chcontext: --device: only root outside of all contexts may do that" \
		env FAKE_VCTX=7 chcontext --device /dev/null true
else
	skip "chcontext --device" "to be run by root"
fi
expect "chcontext --device without vctxfs" 255 "" \
	"chcontext: vctxfs is not mounted on /nowhere (mount -t vctx vctx /nowhere)" \
	env VCTXFS=/nowhere chcontext --device /dev/null true
expect "chcontext --device of a node that is not there, by a relative path" 255 "" \
	"chcontext: device ./nothing: No such file or directory" \
	chcontext --device ./nothing true
expect "chcontext --device of rubbish" 255 "" \
	"*device 'c 1:3 q': at 'q': what is allowed is some of r, w and m" \
	chcontext --device 'c 1:3 q' true
expect "chcontext --device of nothing" 255 "" \
	"*device '': at '': c or b is wanted here" chcontext --device '' true
expect "chcontext --device of a file" 255 "" \
	"chcontext: device /etc/passwd: it is not a device" \
	chcontext --device /etc/passwd true
expect "chcontext --device of what is not there" 255 "" \
	"chcontext: device /dev/nothing:x: No such file or directory" \
	chcontext --device /dev/nothing:x true
rm -r "${VCTXFS:?}/$new_id"
fake_tree

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
entered "chcontext --flag sched" "$new 4 0" --flag sched true
entered "chcontext --flag fakeinit" "$new 8 0" --flag fakeinit true
entered "chcontext --flag twice" "$new 3 0" --flag private --flag lock true
expect "chcontext --flag with an unknown one" 255 "" "*unknown flag 'nonsense'" \
	chcontext --flag lock,nonsense true
for f in hideinfo ulimit namespace; do
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

# a process to be signalled, which says by which signal: not HUP, as under nohup(1)
# a shell cannot trap it
start()
{
	[ -z "$victim" ] || kill -9 $victim 2>/dev/null
	rm -f "$dir/got" "$dir/ready"
	sh -c '
		for s in USR1 USR2 TERM; do
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
	expect "vkill -c -s USR2" 0 "" "" vkill -c 100 -s USR2
	check "vkill -c -s USR2: received" got USR2
	check "vkill -c -s USR2: from within the context" \
		[ "$(cat "$FAKE_LOG")" = "100 0 0" ]
	check "vkill -c -s USR2: kill is not written" [ ! -s "$VCTXFS/100/kill" ]

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

# --- reducecap -------------------------------------------------------------

expect "reducecap without a command" 255 "" "reducecap: a command is needed
Try 'reducecap --help'." reducecap --secure
expect "reducecap: unknown capability" 255 "" "*unknown capability 'cap_nonsense'" \
	reducecap --cap '!cap_nonsense' true
expect "reducecap: a number is no name" 255 "" "*unknown capability '12'" \
	reducecap --cap 12 true
expect "reducecap: unknown --CAP" 255 "" "*unknown option '--cap_nonsense'" \
	reducecap --cap_nonsense true
expect "reducecap: options end at the command" 0 "--CAP_KILL" "" \
	reducecap --CAP_KILL echo --CAP_KILL
expect "reducecap: the command's status" 3 "" "" reducecap --secure sh -c 'exit 3'
expect "reducecap: no such command" 255 "" \
	"reducecap: /nonexistent: No such file or directory" \
	reducecap /nonexistent
expect "reducecap --show" 0 "*no_new_privs: " "" reducecap --show
# shellcheck disable=SC2016
check "reducecap takes it from what is in effect" sh -c '
	! reducecap --CAP_NET_ADMIN --show | grep -q net_admin ||
	! reducecap --show | grep -q "^bounding:.*net_admin"'
for user in "" "setpriv --bounding-set=-setpcap --inh-caps=-all"; do
	[ -z "$user" ] || $user true 2>/dev/null || continue
	check "reducecap --secure, '$user'" sh -c "
		$user reducecap --secure sh -c '
			set -- \$(sed -n \"s/^CapEff:.*\(.\{16\}\)\$/0x\1/p\" /proc/self/status)
			[ \$((\$1 & 1 << 12)) = 0 ]'"
done
check "reducecap without CAP_SETPCAP sets no_new_privs" sh -c '
	reducecap --CAP_SETPCAP reducecap --CAP_KILL --show |
	grep -q "^no_new_privs: 1"'

# --- vserver-stat ----------------------------------------------------------

fake_tree
cat >"$VCTXFS/100/accounting" <<'END'
user_usec 65430000
system_usec 7384000000
END
expect "vserver-stat" 0 \
"CTX PROC VSZ RSS userTIME sysTIME  UPTIME NAME
100    3   0  5M  1m05s43 2h03m04 0m00s00 web" "" vserver-stat
expect "vserver-stat -o, --raw, -n" 0 "100 web" "" \
	vserver-stat -n --raw -o ctx,name
expect "vserver-stat --json" 0 '*"usertime": 65430000' "" vserver-stat --json
expect "vserver-stat: unknown column" 2 "" "*unknown column 'x'" vserver-stat -o x
expect "vserver-stat: argument" 2 "" "*unexpected argument 'x'" vserver-stat x
rm "$VCTXFS/100/accounting"
expect "vserver-stat: a context that has ended" 0 "100 0m00s00" "" \
	vserver-stat -n --raw -o ctx,usertime

# --- vtop, vpstree ---------------------------------------------------------

export FAKE_VCTX=0
mkdir -p "$dir/show"
for t in top pstree; do
	cat >"$dir/show/$t" <<-END
	#!/bin/sh
	echo "$t: \$*"
	exit 3
	END
	chmod +x "$dir/show/$t"
	expect "v$t hands its options on" 3 "$t: -b -n 1" "" \
		env PATH="$dir/show:$PATH" "v$t" -b -n 1
	expect "v$t -h 1 is $t's" 3 "$t: -h 1" "" \
		env PATH="$dir/show:$PATH" "v$t" -h 1
done

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
