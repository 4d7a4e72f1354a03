#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run-all.sh [PROGRAM...]: runs the suite, or a part of it, outside of the Linux
# tree, where there is no "make run_tests". Prints the TAP of each program, and
# at the end how many tests there were. Fails if one has failed.

cd "$(dirname "$0")" || exit 1

[ $# -gt 0 ] || set -- ./*_test

log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT

pass=0 fail=0 skip=0
for program in "$@"; do
	start=$(date +%s)
	echo "# $program"
	# Without a pipe, whose status would be that of its last command.
	"./$(basename "$program")" > "$log" 2>&1
	status=$?
	cat "$log"
	p=$(grep -c '^ok .*' "$log")
	s=$(grep -c '^ok .*# *SKIP' "$log")
	f=$(grep -c '^not ok ' "$log")
	# One that has not ended as it should
	if [ $status -ne 0 ] && [ $status -ne 4 ] && [ "$f" -eq 0 ]; then
		echo "not ok 1 $program: exit status $status"
		f=1
	fi
	pass=$((pass + p - s)) skip=$((skip + s)) fail=$((fail + f))
	echo "# $program: $(($(date +%s) - start)) s"
done

echo "# all: pass:$pass fail:$fail skip:$skip"
[ $fail -eq 0 ]
