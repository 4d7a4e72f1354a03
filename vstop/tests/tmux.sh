#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vstop on a terminal: keys go in through tmux, and what the user would see is
# looked at.  The contexts are a fake tree that changes all the time.  Prints
# TAP.  $VSTOP is the program to test.
set -u

here=$(cd "$(dirname "$0")" && pwd)
VSTOP=${VSTOP:-$here/../san/bin/vstop}
FAKE_TREE=${FAKE_TREE:-vstop/tests/fake-tree}
tmp=$(mktemp -d)
shell="$tmp/shell"
nr=0 failed=0 loop=
# Another device than $tmp is on: filesystems are told apart by that.
disk=$(mktemp -d /dev/shm/vstopXXXXXX)

export LC_ALL=C.UTF-8 VCTXFS="$tmp/vctx" VCTXPROC="$tmp/proc"
export ASAN_OPTIONS="log_path=$tmp/asan"
export UBSAN_OPTIONS="log_path=$tmp/ubsan"
# curses keeps what it has read about terminals.
export LSAN_OPTIONS="suppressions=$tmp/leaks:print_suppressions=0"
unset TMUX NO_COLOR

if ! command -v tmux >/dev/null; then
	echo "1..0 # SKIP no tmux"
	exit 0
fi

tmux()
{
	command tmux -f /dev/null -S "$tmp/tmux" "$@"
}

cleanup()
{
	tmux kill-server 2>/dev/null
	[ -n "$loop" ] && kill "$loop" 2>/dev/null
	wait 2>/dev/null
	rm -rf "$tmp" "$disk"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

screen()
{
	tmux capture-pane -p
}

ok()		# STATUS NAME
{
	nr=$((nr + 1))
	if [ "$1" = 0 ]; then
		echo "ok $nr $2"
	else
		failed=$((failed + 1))
		echo "not ok $nr $2"
		screen 2>&1 | sed '/^$/d; s/^/# |/'
	fi
	if [ $failed -gt 5 ]; then
		echo "Bail out! too much has failed"
		exit 1
	fi
}

# Waits until the screen matches a pattern, or does not any more.
sees()		# PATTERN
{
	for _ in $(seq 100); do
		screen | grep -Eq -- "$1" && return 0
		sleep 0.1
	done
	return 1
}

sees_not()	# PATTERN
{
	for _ in $(seq 100); do
		screen | grep -Eq -- "$1" || return 0
		sleep 0.1
	done
	return 1
}

# The first row of the list, below the header
sees_first()	# PATTERN
{
	for _ in $(seq 100); do
		screen | grep -A1 '^ *[▲▼]\{0,1\}CTX' | tail -1 |
			grep -Eq -- "$1" && return 0
		sleep 0.1
	done
	return 1
}

press()		# KEY...
{
	for key; do
		tmux send-keys -- "$key"
		sleep 0.05
	done
}

resize()	# COLUMNS ROWS
{
	tmux resize-window -x "$1" -y "$2"
	sleep 0.2
}

# Runs it in a shell of its own, which tells how it ended.
start()		# ENVIRONMENT OPTION...
{
	tmux send-keys -l -- "clear; env $1 $VSTOP "
	shift
	tmux send-keys -l -- "$*; echo \"status \$?\""
	tmux send-keys Enter
}

alive()
{
	[ "$(tmux display-message -p '#{pane_current_command}')" = vstop ]
}

restored()
{
	[ "$(tmux display-message -p '#{alternate_on} #{cursor_flag}')" = "0 1" ] &&
		! tmux list-panes -F '#{pane_tty}' | while read -r tty; do
			stty -a <"$tty"
		done | grep -Eq -- '-(echo|icanon)( |$)'
}

printf 'leak:libtinfo\nleak:libncursesw\n' >"$tmp/leaks"
mkdir "$VCTXFS"
"$FAKE_TREE" "$VCTXFS" 0 1
"$FAKE_TREE" "$VCTXFS" 0 0 0.2 2>/dev/null &
loop=$!

# Without a terminal: STATUS PATTERN OPTION...
cli()
{
	cli_status=$1 cli_pattern=$2
	shift 2
	"$VSTOP" "$@" </dev/null >"$tmp/out" 2>&1
	[ $? = "$cli_status" ] && grep -Eq -- "$cli_pattern" "$tmp/out"
	ok $? "vstop $* ($cli_status)"
}

for delay in 0 0.09 3601 nan inf 1x '' -1; do
	cli 2 'is not a time between 0.1 and 3600' -d "$delay"
done
for count in 0 -1 x 1x 99999999999999999999; do
	cli 2 'is not a number of frames' -b -n "$count"
done
cli 2 "no column 'nothing', only: id name" -s nothing
cli 2 "'operand' is one too many" operand
cli 2 'json needs -b' --json
cli 0 '^vstop .* cpu [0-9.]+% refused [0-9.]+/s$' -b -n 1 -d 0.1
cli 0 '^ *103 bomb +60 +60 +[0-9]+ +[0-9.]+ nproc:100% ' -b -n 2 -d 0.1
cli 0 '^\{"time":.*\}\]\}$|^\{.*\]\}$' -b --json -n 1 -d 0.1
cli 0 '^CTX NAME' -b -n 1 -d 0.1 -c web
cli 0 '^ *CTX NAME +TASKS +PROCS +FILES +CPU% +LIMIT +REFUSED/s +FLAGS +AGE$' -b -n 1 -d 0.1
cli 0 '^NAME +MEM$' -b -n 1 -d 0.1 -o name,mem
cli 0 '^web +268435456$' -b -n 1 -d 0.1 -o name,mem -c web
cli 0 ' AGE +MEM$' -b -n 1 -d 0.1 -o +mem
cli 2 "no column 'nothing', only: id name" -o id,nothing
cli 1 'context 4: no such context' -b -c 4
"$VSTOP" -b -n 1 -d 0.1 >/dev/full 2>"$tmp/out"
[ $? = 1 ] && grep -q 'cannot write the output' "$tmp/out"
ok $? 'a full disk is told'
VCTXFS=/nonexistent cli 1 'no contexts at /nonexistent' -b
VCTXFS=/nonexistent FAKE_VCTX=100 cli 1 \
	'inside of context 100 only its own files can be read' -b
if command -v python3 >/dev/null; then
	"$VSTOP" -b --json -n 3 -d 0.1 | python3 -c '
import json, sys
frames = [json.loads(line) for line in sys.stdin]
assert len(frames) == 3
assert all(f["interval"] >= 0.05 and f["contexts"] == len(f["list"])
           for f in frames)'
	ok $? 'JSON parses, frame by frame'
fi

# Disks, which tools/tests/fake_quota.c takes for filesystems with quota
disks()
{
	mkdir -p "$VCTXPROC/self" "$tmp/srv"
	cat >"$VCTXPROC/self/mountinfo" <<-END
	900001 1 $(stat -c %Hd:%Ld "$tmp/srv") / $tmp/srv rw - ext4 /dev/a rw
	900002 1 $(stat -c %Hd:%Ld "$disk") / $disk rw - xfs /dev/b rw
	END
	cat >"$tmp/srv/.quota" <<-END
	2 100 3145728 0 4096 0 17 0 0 0
	2 101 3145728 2048 4096 $(($(date +%s) + 7500)) 17 0 0 0
	2 103 4096 0 4096 0 1 0 0 0
	END
	cat >"$disk/.quota" <<-END
	state 16
	2 100 4096 0 0 0 9 8 0 $(($(date +%s) - 9))
	2 104 4096 0 8 0 1 0 0 0
	END
}

no_disks()
{
	rm -rf "$VCTXPROC/self" "$tmp/srv/.quota" "$disk/.quota"
}

cli 0 '^ *100 +- +-$' -b -n 1 -d 0.1 -o id,disk,diskref
disks
cli 0 "^ *100 ${disk##*/}:112%:grace +0.0\$" -b -n 1 -d 0.1 -o id,disk,diskref
cli 0 '^ *101 srv:75%:soft +0.0$' -b -n 1 -d 0.1 -o id,disk,diskref
cli 0 '^ *103 srv:0%:refused +[0-9.]+$' -b -n 1 -d 1 -o id,disk,diskref
cli 0 '^ *102 - +-$' -b -n 1 -d 0.1 -o id,disk,diskref
cli 0 '"diskref":0.0,' -b --json -n 1 -d 0.1 -c web -o disk,diskref
FAKE_VCTX=9 cli 0 '^ *101 \? ' -b -n 1 -d 0.1 -o id,disk
echo nonsense >"$VCTXPROC/self/mountinfo"
cli 0 '^ *101 \? ' -b -n 1 -d 0.1 -o id,disk
no_disks
cli 0 '^ *101 +200 +100.0 +100.0 +75.0 +40.0$' -b -n 2 -d 0.5 \
	-o id,weight,want,got,cap,throttled
cli 0 '^ *100 +- +- +- +- +-$' -b -n 1 -d 0.1 \
	-o id,weight,want,got,cap,throttled

cat >"$shell" <<'END'
PS1='$ '
PS2='> '
END
# The status line would be part of the screen otherwise.
ENV=$shell tmux new-session -d -x 100 -y 30 'exec sh -i' \; \
	set -g status off \; set -g escape-time 0

start A=a -d 0.3
sees 'vstop .* every 0.3 s'; ok $? 'starts, with a title'
sees '^ *100 build '; ok $? 'shows contexts'
sees 'bomb .*nproc +\[\|+\] 100% +[1-9]'; ok $? 'shows limits and refusals'
sees 'CPU +\[\|+ *\] +[1-9][0-9.]+% of [0-9]+ CPUs?'; ok $? 'adds up the CPU'
sees '▼CPU%' && sees_first ' build '; ok $? 'is ordered by CPU'

press N
sees '▲CTX' && sees_first '^ +1 '; ok $? 'N: by id'
press N
sees '▲NAME|NAME▲' && sees_first ' bomb '; ok $? 'N again: by name'
press F
sees '▼FILES' && sees_first ' bomb '; ok $? 'F: by files'
press I
sees '▲FILES' && sees_first '^ +1 '; ok $? 'I: inverted'
press M
sees '▼MEM' && sees_first ' web .* 256M'; ok $? 'M: by memory'
press T
sees '▼TASKS' && sees_first ' bomb '; ok $? 'T: by tasks'
press L
sees 'LIMIT▼' && sees_first ' bomb .*100%'; ok $? 'L: by limit'
press R
sees '▼REFUSED' && sees_first ' bomb '; ok $? 'R: by refusals'
press '>'
sees 'FLAGS▼'; ok $? '>: the next column'
press '<' '<'
sees 'LIMIT▼'; ok $? '<: the column before'
press P
sees '▼CPU%'; ok $? 'P: by CPU'

press / f d
sees '^Search: fd$'; ok $? '/: a prompt'
press Enter Enter
sees 'Context 104  fdhog'; ok $? 'search finds, Enter opens the details'
sees '^ nofile +190 +197 +max +200 +[1-9][0-9]* +[0-9.]+ +\[\|+ *\] +95%$'
ok $? 'details show each resource'
sees '^ rss +1\.5M +1\.7M +max +max +0 ' ; ok $? 'bytes with a suffix'
sees_not ' build '; ok $? 'and nothing else'
sees '1-[0-9]+ of [0-9]+'; ok $? 'and where in them one is'
press NPage
sees '^ nrandom ' && sees_not '^ nofile '; ok $? 'Page Down'
press End
sees '^ ACCOUNTING +TOTAL +RATE +TOTAL +RATE$'; ok $? 'End: the accounting'
sees 'voluntary_switches +[0-9]+ +[0-9.]+/s'; ok $? 'with rates'
sees '^ cpu_usec +[0-9.]+ s +[0-9.]+% ' ; ok $? 'times in seconds'
sees 'block_read_bytes +[0-9.]+M +[0-9.]+M/s$'; ok $? 'bytes with a suffix'
press Up k
sees '^ nrandom '; ok $? 'Up, k'
press Down j PPage PPage Home
sees '^ nofile +190'; ok $? 'Home'
press N
sees 'Context 104  fdhog' && press F && sees 'Context 104  fdhog'
ok $? 'the selection follows the context when the order changes'
press N '<' '<'
sees 'Context 102  client'; ok $? '<: the context before'
press End
sees '^ nrandom ' && sees_not ACCOUNTING; ok $? 'one without accounting'
press '>'
sees 'Context 103  bomb'; ok $? '>: the next context'
press Home
sees '^ nproc +60 +62 +max +60 +[0-9]+ +[1-9][0-9.]* +\[\|+\] +100%$'
ok $? 'refusals of each resource, each second'
press '<' '<' '<' '<' '<' '<' '<'
sees 'Context 1 '; ok $? '<: up to the first one'
press / w e b Enter
sees 'Context 101  web'; ok $? '/: another one'
press Escape
sees_not 'Context 101 ' && sees '^ *100 build '; ok $? 'Esc closes the details'
press Home Enter
sees 'Context 1 '; ok $? 'Home selects the first one'
press Enter
sees_not 'Context 1 '; ok $? 'Enter closes the details'
press Down Enter
sees 'Context 100  build'; ok $? 'Down selects the next one'
press Escape Up Up Enter
sees 'Context 1 '; ok $? 'Up stops at the first one'
press Escape NPage Enter
sees_not 'Context 1 '; ok $? 'Page Down'
press Escape PPage Enter
sees 'Context 1 '; ok $? 'Page Up'
press Escape
sees_not 'Context 1 '
press / x y z
sees 'Search: xyz +\(none\)'; ok $? 'search says that there is none'
press BSpace BSpace BSpace 1 0 2 Enter Enter
sees 'Context 102  client'; ok $? 'search by number'
press / w e Escape
sees 'Context 102  client'; ok $? 'Esc goes back to where the search began'
press Enter

# A context that vanishes while it is selected
gone=nothing
for _ in $(seq 20); do
	sees '^ *70[0-9]{3} '
	tmux send-keys / 7 0 0 Enter Enter
	sees 'Context [0-9]+ '
	gone=$(screen | grep -Eo 'Context 70[0-9]+') && break
	press Escape		# It was gone before.
done
[ -n "$gone" ] && sees_not "$gone "; ok $? 'a selected context may vanish'
sees 'context 70[0-9]{3} has ended'; ok $? 'which is told'
alive && sees '^ *100 build '; ok $? 'and vstop lives on'
press Escape

press d 0 . 7 Enter
sees 'every 0.7 s'; ok $? 'd: another delay'
press d 0 Enter
sees 'not between 0.1 and 3600' && sees 'every 0.7 s'; ok $? 'd: a wrong one'
press d BSpace x BSpace C-u 0 . 2 Enter
sees 'every 0.2 s'; ok $? 'd: corrected while typing'
press h
sees '^Keys' && sees 'REFUSED/s +refusals'; ok $? 'h: help'
press x
sees '▲CTX'; ok $? 'any key leaves the help'
press F1
sees '^Keys'; ok $? 'F1: help'
press q
sees '▲CTX'; ok $? 'q in the help leaves the help only'

resize 46 30
sees 'CTX +NAME .*CPU%' && ! screen | grep -q AGE
ok $? 'narrow: columns are dropped'
resize 80 30
sees 'CTX +NAME +TASKS +.*CPU% LIMIT +REFUSED/s$'
ok $? '80 columns: what matters most'
resize 160 30
sees 'CTX +NAME +TASKS +PROCS +FILES +MEM .*AGE$'; ok $? 'wide: all columns'
press Enter
for size in '1 1' '2 1' '1 2' '2 2' '3 3' '5 4' '9 5' '20 6' '300 3' '12 90' \
	    '400 120' '1 1' '100 10' '100 11' '100 12' '100 13' '100 14'; do
	# shellcheck disable=SC2086
	resize $size
	press h Down j / b Escape d 1 Escape Enter Space '>' Enter
	sees . || break
done
alive; ok $? 'any size of the terminal, with the keys pressed'
resize 100 30
press Escape N
sees '^ *100 build '; ok $? 'back to normal'

mv "$VCTXFS" "$VCTXFS.away"
sees 'no contexts at '; ok $? 'says that contexts cannot be read any more'
mv "$VCTXFS.away" "$VCTXFS"
sees 'F10Quit'; ok $? 'and goes on when they can'
kill $loop 2>/dev/null; wait $loop 2>/dev/null
"$FAKE_TREE" "$VCTXFS" 0 0 0.2 2>/dev/null &
loop=$!

press q
sees '^status 0$' && restored; ok $? 'q: status 0, terminal restored'
start A=a
sees F10Quit; press F10
sees '^status 0$' && restored; ok $? 'F10: likewise'
start A=a
sees F10Quit; press C-c
sees '^status 0$' && restored; ok $? 'Ctrl-C: likewise'

start A=a
sees F10Quit; press C-z
sees Stopped && restored; ok $? 'Ctrl-Z: stopped, terminal restored'
tmux send-keys 'fg' Enter
sees F10Quit && sees ' build '; ok $? 'fg: goes on'
press q
sees '^status 0$'

for sig in TERM:143 HUP:129 QUIT:131 ABRT:134; do
	start A=a
	sees F10Quit
	kill "-${sig%:*}" "$(ps -t "$(tmux display-message -p '#{pane_tty}')" \
		-o pid=,comm= | awk '$2 == "vstop" { print $1 }')"
	sees "^status ${sig#*:}$" && restored
	ok $? "SIG${sig%:*}: terminal restored, and the status tells"
done

# Colours: CSI 3x and 4x
start A=a
sees F10Quit
tmux capture-pane -e -p | grep -Eq "$(printf '\033')\[[0-9;]*(3|4)[0-7]m"
ok $? 'colours'
press q
start NO_COLOR=1
sees F10Quit
! tmux capture-pane -e -p | grep -Eq "$(printf '\033')\[([0-9]+;)*(3|4)[0-7]m"
ok $? 'NO_COLOR: none'
press q
sees '^status 0$'
start TERM=vt100
sees F10Quit && sees ' build '; ok $? 'a terminal without colours'
press q
sees '^status 0$'
start LC_ALL=C
sees 'vCPU%' && sees ' build '; ok $? 'without UTF-8'
press q
sees '^status 0$'
start TERM=nonsense
sees "terminal type 'nonsense' is not known" && sees '^status 1$'
ok $? 'an unknown terminal'
start A=a '</dev/null'
sees 'not on a terminal' && sees '^status 1$'; ok $? 'no terminal'
start A=a -d 0.1 -n 3
sees '^status 0$' && restored; ok $? '-n ends it'
start A=a -c web
sees ' web ' && ! screen | grep -q build; ok $? '-c shows one context'
press q
sees '^status 0$'
start A=a -o name,limit
sees '^NAME +LIMIT' && ! screen | grep -q TASKS; ok $? '-o shows some columns'
press '>'
sees '▼NAME|NAME▲|▲NAME'; ok $? '> where the column that orders is not shown'
press q
sees '^status 0$'
# Filesystems with quota that come, are denied, and go
start A=a
sees ' FLAGS +AGE$' && ! screen | grep -q DISK; ok $? 'no disk, no column'
press q
sees '^status 0$'
start A=a -o +weight
sees ' WEIGHT$' && ! screen | grep -q DISK
ok $? 'nor with another one, which has been asked for and has room'
press q
sees '^status 0$'
start A=a
sees ' FLAGS +AGE$'
disks
sees ' REFUSED/s DISK *$'; ok $? 'a disk: a column'
sees ' build .* \[\|+\] +112% G$'; ok $? 'G: the time of grace is over'
sees ' web .* \[\|+ *\] +75% S$'; ok $? 'S: it runs'
sees ' bomb .* \[\| *\] +0% R$'; ok $? 'R: something was refused'
resize 80 30
sees ' LIMIT +REFUSED/s DISK *$' && sees ' web .* 75% S$'
ok $? 'also with 80 columns'
resize 100 30
press D
sees 'DISK▼' && sees_first ' build '; ok $? 'D: by disk'
press / b u i l d Enter Enter End
sees "^ G ~/${disk##*/} "; ok $? 'the details have each disk'
sees '^ DISK +USED +SOFT +HARD +GRACE +INODES +SOFT +HARD +GRACE' &&
	sees ' 4K +max +max +- +9 +8 +max +over +not enforced'
ok $? 'with what is used, limits and times of grace'
sees '^   ~.*/srv +3M +max +4M +- +17 +max +max +- +\[\|+ *\] +75%$'
ok $? 'and a bar'
sees '^   refused 0.0/s   refusals 4   after grace 1   soft limits passed 2$'
ok $? 'and what has happened'
sees '^ CPU .* refusals 0   disk 112% G$'; ok $? 'the worst of it at the top'
press / b o m b Enter
sees '^ R refused [0-9.]+/s   refusals '; ok $? 'R: refused'
press / w e b Enter
sees '^ S ~.*/srv +3M +2M +4M +2h0[0-9]m +17 '; ok $? 'S: with the time that is left'
sees '^ CPU SHARE +WEIGHT +WANT% +GOT% +CPU% +CAP% +THR% +RUN$' &&
	sees '^ +200 +100.0 +100.0 +[0-9.]+ +75.0 +40.0 +1$' &&
	sees '^ throttled [0-9.]+ s   in [0-9]+ of [0-9]+ periods   burst 10 ms   nice -5 and up   real-time deny$'
ok $? 'the share of CPU time, and what came of it'
press / c l i e Enter
sees 'Context 102' && sees_not '^ (DISK|CPU SHARE) '; ok $? 'who has neither'
press Escape
rm "$tmp/srv/.quota"
sees_not ' web .* S$' && sees ' build .* G$'; ok $? 'a disk vanishes'
no_disks
sees ' FLAGS +AGE$'; ok $? 'so does the other one, and the column'
press q
sees '^status 0$'
disks
start 'FAKE_VCTX=9'
sees ' web .* \?$'; ok $? '?: not permitted to ask'
press / w e b Enter Enter End
sees '^   ~.*/srv +quota cannot be read: Operation not permitted$'
ok $? 'which the details say'
press q
sees '^status 0$'
start 'NO_COLOR=1'
sees ' web .* S$' && sees ' build .* G$' && sees ' bomb .* R$'
ok $? 'NO_COLOR: letters'
press q
sees '^status 0$'
no_disks

start A=a -c nobody
sees 'context nobody: no such context' && sees '^status 1$'
ok $? '-c with one that is not there'
start VCTXFS=/nonexistent
sees 'no contexts at /nonexistent' && sees '^status 1$'; ok $? 'no vctxfs'

kill $loop; wait $loop 2>/dev/null
"$FAKE_TREE" "$VCTXFS" 10000 10 >/dev/null
start A=a -s id
sees 'Contexts 1000[0-9]'; ok $? '10,000 contexts'
press End Enter
sees 'Context 10999  idle9999'; ok $? 'the last one of them'
press / i d l e 5 0 0 0 Enter
sees 'Context 6000  idle5000'; ok $? 'one in the midst'
press q
sees '^status 0$' && restored; ok $? 'and out'

! cat "$tmp"/asan* "$tmp"/ubsan* 2>/dev/null | sed 's/^/# /' | grep .
ok $? 'no report of a sanitizer'

echo "1..$nr"
[ $failed = 0 ]
