#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# bench/fairness.sh [--short] [--seconds N] [--cpus LIST] [SCENARIO...]: who
# gets how much CPU time, and how late, without groups, with autogroup, with
# cgroup v2 and in contexts. See bench/README.md.
#
# Reads build/bench/fair and both kernels, writes build/bench/fairness/:
#   share.tsv     the share of each group in each second
#   summary.tsv   over all of the time
#   delay.tsv     of what is late: wake-ups, and jobs under a cap
#   SCENARIO-CPUS.svg    the shares over time, and what they should be
# and prints a table. --short is for "make check": less of it, for less time.

set -eu -o pipefail

cd "$(dirname "$0")/.."

fair=$PWD/build/bench/fair
out=build/bench/fairness
seconds=20 cpus='1 2' short=
while [ $# -gt 0 ]; do
	case $1 in
	--short) short=1 seconds=4 cpus=1 ;;
	--seconds) seconds=$2; shift ;;
	--cpus) cpus=$2; shift ;;
	-*) sed -n 's/^# \(bench.*\)/usage: \1/p' "$0" | head -n 1 >&2; exit 2 ;;
	*) break ;;
	esac
	shift
done

[ -x "$fair" ] || {
	echo "bench: $fair is missing: run 'make bench BENCH=fairness'" >&2
	exit 1
}
mkdir -p $out
"$fair" --scenarios > $out/scenarios
for name; do
	cut -f1 $out/scenarios | grep -qx "$name" || {
		echo "bench: there is no scenario '$name'" >&2
		exit 2
	}
done
if [ $# = 0 ]; then
	if [ "$short" ]; then
		set -- spin50 weights cap30
	else
		# shellcheck disable=SC2046 # names are words
		set -- $(cut -f1 $out/scenarios)
	fi
fi

# $2...: those of the scenarios that the mode can do; without groups and with
# autogroup there are no caps.
doable() # MODE
{
	local mode=$1 name
	shift
	for name; do
		case $mode:$(awk -F '\t' -v n="$name" '$1 == n { print $2 }' $out/scenarios) in
		none:caps|autogroup:caps) ;;
		*) echo "$name" ;;
		esac
	done
}

# On one processor guest time counts instructions, so that the same comes out on
# a busy machine. With two, an emulation that counts does not keep them apart.
measure() # KERNEL CPUS MODE...
{
	local kernel=$1 n=$2 mode names script='' clock=''
	shift 2
	[ "$n" != 1 ] || clock='--icount --shift 3'
	for mode; do
		names=$(doable "$mode" "${scenarios[@]}" | tr '\n' ' ')
		[ -z "$names" ] || script+="$fair --seconds $seconds $mode $names && "
	done
	[ -n "$script" ] || return 0
	echo "  BENCH   fairness ($kernel, $n CPU)" >&2
	# shellcheck disable=SC2086 # options are words
	scripts/vm --kernel "$kernel" --smp "$n" $clock --timeout 7200 -- \
		sh -c "$script true" < /dev/null > "$out/raw.$kernel.$n.new" &&
		mv "$out/raw.$kernel.$n.new" "$out/raw.$kernel.$n"
}

scenarios=("$@")
rm -f $out/raw.* $out/*.svg
for n in $cpus; do
	# make check has no stock kernel.
	if [ "$short" ]; then
		measure vctx "$n" cgroup vctx
	else
		measure stock "$n" none autogroup cgroup
		measure vctx "$n" vctx
	fi
done

# ------------------------------------------------------------------- tables

# share MODE SCENARIO CPUS GROUP IDEAL USEC CPU_USEC, both counts from the start
awk -F '\t' -v OFS='\t' '
	BEGIN { print "mode", "scenario", "cpus", "group", "second", "ideal", "share" }
	$1 != "share" || $3 ~ /^(latency|burst|noburst)$/ { next }
	{
		run = $2 OFS $3 OFS $4
		if (!(run in at)) { at[run] = 0; last[run] = 0 }
		# The lines of a step follow one another, with the same time.
		if ($7 != at[run]) { finish(run); at[run] = $7 }
		group[run, ++n[run]] = $5
		ideal[run, n[run]] = $6
		used[run, n[run]] = $8
	}
	function finish(run,	i, sum, d)
	{
		if (at[run] - last[run] >= 999000) {
			for (i = 1; i <= n[run]; i++)
				sum += used[run, i] - before[run, i]
			for (i = 1; i <= n[run] && sum; i++)
				print run, group[run, i], at[run] / 1e6, \
					ideal[run, i], \
					(used[run, i] - before[run, i]) / sum
			for (i = 1; i <= n[run]; i++)
				before[run, i] = used[run, i]
			last[run] = at[run]
		}
		n[run] = 0
	}
	END { for (run in at) finish(run) }
' $out/raw.* > $out/share.tsv

# Over all of the time; the weights follow from the ideal shares. Windows are
# of five seconds, in parts of one CPU.
awk -F '\t' -v OFS='\t' '
	BEGIN {
		print "mode", "scenario", "cpus", "group", "ideal_pct", \
			"got_pct", "diff_points", "jain", "window_min_pct", \
			"window_max_pct"
	}
	$1 != "share" || $3 ~ /^(latency|burst|noburst)$/ { next }
	{
		run = $2 OFS $3 OFS $4
		if (!(run in runs)) { runs[run] = 1; order[++nr] = run }
		if (!((run, $5) in ideal)) {
			ideal[run, $5] = $6
			group[run, ++n[run]] = $5
		}
		used[run, $5] = $8
		# Each step ends a window that began five seconds ago.
		step = int($7 / 250000 + 0.5)
		value[run, $5, step] = $8
		when[run, $5, step] = $7
		if ((run, $5, step - 20) in value || step == 20) {
			d = ($8 - value[run, $5, step - 20]) / \
				($7 - when[run, $5, step - 20]) * 100
			if (!((run, $5) in min) || d < min[run, $5])
				min[run, $5] = d
			if (!((run, $5) in max) || d > max[run, $5])
				max[run, $5] = d
		}
	}
	END {
		for (r = 1; r <= nr; r++) {
			run = order[r]
			sum = a = b = 0
			for (i = 1; i <= n[run]; i++)
				sum += used[run, group[run, i]]
			for (i = 1; i <= n[run]; i++) {
				x = used[run, group[run, i]] / ideal[run, group[run, i]]
				a += x
				b += x * x
			}
			for (i = 1; i <= n[run]; i++) {
				g = group[run, i]
				printf "%s\t%s\t%.3f\t%.3f\t%+.3f\t%.5f\t%s\t%s\n", \
					run, g, 100 * ideal[run, g], \
					100 * used[run, g] / sum, \
					100 * (used[run, g] / sum - ideal[run, g]), \
					a * a / (n[run] * b), \
					(run, g) in min ? sprintf("%.2f", min[run, g]) : "-", \
					(run, g) in max ? sprintf("%.2f", max[run, g]) : "-"
			}
		}
	}
' $out/raw.* > $out/summary.tsv

{
	printf 'mode\tscenario\tcpus\tgroup\tsamples\tp50_usec\tp99_usec\tmax_usec\n'
	sed -n 's/^delay	//p' $out/raw.*
} > $out/delay.tsv

# ----------------------------------------------------------------- pictures

# One picture for each scenario and number of CPUs, with a panel for each mode:
# a line for each group, and a thin one for what it should have.
plot() # SCENARIO CPUS
{
	awk -F '\t' -v name="$1" -v cpus="$2" -v svg="$out/$1-$2.svg" '
		FILENAME ~ /scenarios$/ { if ($1 == name) title = $3; next }
		$2 != name || $3 != cpus { next }
		{
			if (!($1 in nr)) mode[++modes] = $1
			if (!(($1, $4) in ideal)) group[$1, ++nr[$1]] = $4
			ideal[$1, $4] = 100 * $6
			data[$1, $4] = data[$1, $4] $5 " " 100 * $7 "\n"
		}
		END {
			if (!modes)
				exit 1
			printf "set terminal svg size %d,400 font \"sans,11\" background \"white\"\n", 400 * modes
			printf "set output \"%s\"\n", svg
			for (m = 1; m <= modes; m++)
				for (g = 1; g <= nr[mode[m]]; g++)
					printf "$d%d_%d << END\n%sEND\n", m, g, data[mode[m], group[mode[m], g]]
			printf "set multiplot layout 1,%d title \"%s, %d CPU%s\"\n", modes, title, cpus, (cpus > 1 ? "s" : "")
			print "set xlabel \"seconds\"; set ylabel \"share in %\"; set yrange [0:]"
			print "set grid ytics lc rgb \"#dddddd\"; set key below font \",9\""
			if (nr[mode[1]] > 8)
				print "unset key"
			for (m = 1; m <= modes; m++) {
				printf "set title \"%s\"\nplot ", mode[m]
				for (g = 1; g <= nr[mode[m]]; g++)
					printf "%s$d%d_%d with lines lw 2 lc %d title \"%s\", %.6f with lines lw 1 dt 2 lc %d notitle", \
						(g > 1 ? ", " : ""), m, g, g, group[mode[m], g], \
						ideal[mode[m], group[mode[m], g]], g
				print ""
			}
			print "unset multiplot"
		}' $out/scenarios $out/share.tsv > $out/plot.gp || return 0
	gnuplot $out/plot.gp
	rm $out/plot.gp
}

if command -v gnuplot > /dev/null; then
	for n in $cpus; do
		for name in "${scenarios[@]}"; do
			plot "$name" "$n"
		done
	done
else
	echo "bench: no pictures: gnuplot is not installed" >&2
fi

# ---------------------------------------------------------------- the table

awk -F '\t' '
	FILENAME ~ /scenarios$/ { title[$1] = $3; next }
	FNR == 1 { next }
	{
		key = $2 "\t" $3
		if (!(key in seen)) { seen[key] = 1; order[++nr] = key }
		m[$1] = 1
		d = $7 < 0 ? -$7 : $7
		if (d > worst[key, $1])
			worst[key, $1] = d
		have[key, $1] = 1
		jain[key, $1] = $8
		if ($2 == "cap30" && $4 == "capped" && $9 != "-")
			window[key, $1] = $9 " to " $10
	}
	END {
		split("none autogroup cgroup vctx", modes, " ")
		print "Largest difference to the ideal share, in percentage points (Jain index)"
		print ""
		printf "%-60s %4s", "scenario", "CPUs"
		for (i = 1; i <= 4; i++)
			if (modes[i] in m)
				printf " %18s", modes[i]
		print ""
		for (r = 1; r <= nr; r++) {
			split(order[r], k, "\t")
			printf "%-60s %4s", title[k[1]], k[2]
			for (i = 1; i <= 4; i++)
				if (modes[i] in m)
					printf " %18s", (order[r], modes[i]) in have ? \
						sprintf("%.3f (%.5f)", worst[order[r], modes[i]], \
							jain[order[r], modes[i]]) : "-"
			print ""
			for (i = 1; i <= 4; i++)
				if ((order[r], modes[i]) in window)
					printf "    %s: %s %% of a CPU over every 5 s\n", \
						modes[i], window[order[r], modes[i]]
		}
	}' $out/scenarios $out/summary.tsv
if [ "$(wc -l < $out/delay.tsv)" -gt 1 ]; then
	echo
	echo "Delay in us"
	echo
	column -t -s '	' $out/delay.tsv
fi
