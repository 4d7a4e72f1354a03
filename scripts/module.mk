# SPDX-License-Identifier: GPL-2.0-or-later
#
# The steps of "make check" that need more than a program to run here.  Each is
# a target that prints TAP, or is one test by its exit status (scripts/check).

CHECKS += check-kernel check-series check-off check-kunit check-selftests \
	  check-selftests-debug check-race check-bounds check-intree check-vm \
	  check-shown check-run


.PHONY: check-kernel check-series check-off check-kunit check-selftests \
	check-selftests-debug check-race check-bounds check-intree check-vm \
	check-shown check-run

check-series: patches
	@scripts/check-series

# All of it, linked and booted, without the option: the suite skips everything.
check-off: patches
	@scripts/kernel off
	@scripts/vm --kernel off -- scripts/selftests --expect-skip

check-kunit: kernel-debug
	@scripts/vm --kernel debug -- scripts/kunit

check-selftests: kernel $(SELFTESTS)
	@scripts/vm --timeout 1200 -- scripts/selftests

check-selftests-debug: kernel-debug $(SELFTESTS)
	@scripts/vm --kernel debug --timeout 1800 -- scripts/selftests

# The races of the first issue, at length, where processors really race.
check-race: kernel-debug $(SELFTESTS)
	@VCTX_TEST_SECONDS=60 scripts/vm --kernel debug --thread multi \
		--timeout 1800 -- scripts/selftests race_test

# The sizes of the first issue.
check-bounds: kernel $(SELFTESTS)
	@VCTX_TEST_SECONDS=30 VCTX_TEST_CHURN=100000 VCTX_TEST_MANY=20000 \
		scripts/vm --mem 2048 --timeout 1800 -- \
		scripts/selftests forkbomb_test churn_test many_test

# As a kernel developer does it: in the tree that has the series.
check-intree: kernel
	@scripts/check-intree

check-vm: kernel
	@scripts/check-vm

check-shown: kernel tools
	@scripts/check-shown

check-run: kernel tools
	@scripts/check-run
