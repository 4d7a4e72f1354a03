#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# bench/cost.sh [--check] [ROW...]: instructions per operation, in the stock
# kernel and in ours. See bench/README.md.
#
# Reads build/bench/cost and both kernels, writes build/bench/cost.tsv, and
# prints a table of it. With --check it fails if a row costs more than it
# promises.

set -eu -o pipefail

cd "$(dirname "$0")/.."

out=build/bench
check=
case ${1-} in
--check) check=1; shift ;;
-*) echo 'usage: bench/cost.sh [--check] [ROW...]' >&2; exit 2 ;;
esac

[ -x $out/cost ] || {
	echo "bench: $out/cost is missing: run 'make bench BENCH=cost'" >&2
	exit 1
}
$out/cost --rows > $out/cost.rows
$out/cost --cases > $out/cost.cases

# One after another: they would not disturb each other's figures, but the
# progress. Each guest gets the same arguments, but for one word.
#
# Without erms and fsrm, Linux clears and copies pages eight bytes at a time and
# not byte by byte. The emulation counts every round of 'rep' as an instruction,
# so that with them most of a fork would be the clearing of pages.
measure() # KERNEL
{
	echo "  BENCH   cost ($1)" >&2
	# shellcheck disable=SC2086 # there may be no rows
	scripts/vm --kernel "$1" --icount --smp 1 --mem 1024 --timeout 3600 \
		--disk 'ext4:128M:-O quota,project' \
		--append clearcpuid=erms,fsrm -- \
		env -i "$PWD/$out/cost" "$@" < /dev/null > "$out/cost.$1.new" ||
		return
	mv "$out/cost.$1.new" "$out/cost.$1"
}

measure stock "$@"
measure vctx "$@"

# ROW CASE REPEAT INSNS -> one line per row and case. The figure is the median, the
# spread that between the quartiles: of three, the least and the most.
awk -F '\t' -v OFS='\t' '
	FILENAME ~ /rows$/ { rows[++nr_rows] = $1; limit[$1, "outside"] = $3
		limit[$1, "far"] = $4; next }
	FILENAME ~ /cases$/ { cases[++nr_cases] = $1; kernel[$1] = $3; next }
	{ value[$1, $2, $3] = $4; n[$1, $2]++ }
	END {
		print "row", "case", "kernel", "insns", "min", "max", \
			"spread_pct", "diff_pct", "promised_pct"
		for (r = 1; r <= nr_rows; r++) {
			for (c = 1; c <= nr_cases; c++)
				line(rows[r], cases[c])
		}
	}
	function line(row, name,	i, j, v, count, t, low, high)
	{
		count = n[row, name]
		if (!count)
			return
		for (i = 1; i <= count; i++) {
			v[i] = value[row, name, i]
			for (j = i; j > 1 && v[j] < v[j - 1]; j--) {
				t = v[j]; v[j] = v[j - 1]; v[j - 1] = t
			}
		}
		median[row, name] = v[int((count + 1) / 2)]
		low = v[int((count + 3) / 4)]
		high = v[count + 1 - int((count + 3) / 4)]
		printf "%s\t%s\t%s\t%.1f\t%.1f\t%.1f\t%.2f\t%.2f\t%s\n", \
			row, name, kernel[name], median[row, name], v[1], \
			v[count], 100 * (high - low) / low, \
			100 * (median[row, name] / median[row, "stock"] - 1), \
			limit[row, name] ? limit[row, name] : "-"
	}' $out/cost.rows $out/cost.cases $out/cost.stock $out/cost.vctx \
	> $out/cost.tsv

awk -F '\t' -v check="$check" '
	FILENAME ~ /rows$/ { rows[++nr_rows] = $1; title[$1] = $2; next }
	FILENAME ~ /cases$/ { cases[++nr_cases] = $1; head[$1] = $2; next }
	FNR == 1 { next }
	{
		have[$1] = 1
		if ($2 == "stock")
			cell[$1, $2] = $4
		else
			cell[$1, $2] = sprintf("%+.2f %%", $8)
		if ($7 > spread[$1])
			spread[$1] = $7
		if ($9 != "-" && $8 > $9) {
			cell[$1, $2] = cell[$1, $2] " !"
			over[++nr_over] = sprintf("%s, %s: %+.2f %%, promised %g %%", \
				title[$1], head[$2], $8, $9)
		} else if ($2 != "stock") {
			cell[$1, $2] = cell[$1, $2] "  "
		}
		if ($7 > 0.3)
			over[++nr_over] = sprintf("%s, %s: the repeats differ by %.2f %%: too much noise", \
				title[$1], head[$2], $7)
	}
	END {
		print "Instructions per operation, and the difference to the stock kernel"
		print ""
		printf "%-16s", ""
		for (c = 1; c <= nr_cases; c++)
			printf "%14s", cases[c] == "stock" ? head[cases[c]] : head[cases[c]] "  "
		printf "%10s\n", "spread"
		for (r = 1; r <= nr_rows; r++) {
			if (!have[rows[r]])
				continue
			printf "%-16s", title[rows[r]]
			for (c = 1; c <= nr_cases; c++) {
				t = cell[rows[r], cases[c]]
				printf "%14s", t == "" ? "-  " : t
			}
			printf "%8.2f %%\n", spread[rows[r]]
		}
		if (nr_over)
			print ""
		for (i = 1; i <= nr_over; i++)
			print "! " over[i]
		exit check && nr_over
	}' $out/cost.rows $out/cost.cases $out/cost.tsv
