# SPDX-License-Identifier: GPL-2.0-only
#
# The kselftests, built from here for the guests of "make check".  It is not in
# selftests/, since all of that lands in tools/testing/selftests/vctx.
#
#   VCTX_TEST_SECONDS, VCTX_TEST_CHURN, VCTX_TEST_MANY, VCTX_TEST_LS_MS,
#   VCTX_TEST_DISKS
#                how long and how much: see the programs

SELFTEST_DIR := $(O)/selftests
SELFTEST_NAMES := $(basename $(notdir $(wildcard selftests/*_test.c)))
SELFTEST_PROGS := $(SELFTEST_NAMES:%=$(SELFTEST_DIR)/%)

SELFTESTS += $(SELFTEST_PROGS) $(SELFTEST_DIR)/run-all.sh

# "../kselftest_harness.h" is found from there.
SELFTEST_HARNESS := $(O)/linux-stock/tools/testing/selftests/kselftest
SELFTEST_CFLAGS := -O2 -Wall -Werror -Ikernel/include/uapi -I$(SELFTEST_HARNESS)

$(SELFTEST_PROGS): $(SELFTEST_DIR)/%: selftests/%.c $(wildcard selftests/*.h) \
		   kernel/include/uapi/linux/vctx.h | linux
	@mkdir -p $(@D)
	$(CC) $(SELFTEST_CFLAGS) -o $@ $< -lpthread

$(SELFTEST_DIR)/run-all.sh: scripts/kselftest/run-all.sh
	@mkdir -p $(@D)
	install -m 755 $< $@

SELFTEST_RUN = $(SELFTEST_DIR)/run-all.sh

# On the release kernel, the suite is run from the Linux tree: check-selftests is
# for those who work on it. The debug kernel is built meanwhile.
CHECKS += check-kunit check-selftests-debug check-selftests-tree
CHECKS_LAST += check-selftests-race
SOAKS += soak-selftests-bounds soak-selftests-race soak-selftests-wide

.PHONY: check-selftests check-selftests-debug
check-selftests: kernel
	@scripts/vm --mem 2048 --disk swap:64M -- $(SELFTEST_RUN)

# kmemleak notes the stack of each allocation, which takes half of the time, and
# only these tests, in which memory is refused, have it look for leaks.
SELFTEST_DEBUG_VM := scripts/vm --kernel debug --mem 3072 --disk swap:64M
SELFTEST_LEAKS := fault_test

check-selftests-debug: export VCTX_TEST_MANY ?= 200
check-selftests-debug: export VCTX_TEST_DISKS ?= 0
check-selftests-debug: export VCTX_TEST_LS_MS ?= 20000
check-selftests-debug: kernel-debug
	@status=0; \
	$(SELFTEST_DEBUG_VM) --timeout 1500 -- $(SELFTEST_RUN) $(SELFTEST_LEAKS) || \
		status=$$?; \
	$(SELFTEST_DEBUG_VM) --timeout 3000 --append kmemleak=off -- \
		$(SELFTEST_RUN) $(filter-out $(SELFTEST_LEAKS),$(SELFTEST_NAMES)) || \
		status=$$?; \
	exit $$status

# Where the processors really race: no usage above a limit, no report. Briefly,
# and for as long as it has to hold.
.PHONY: check-selftests-race soak-selftests-race
check-selftests-race: export VCTX_TEST_SECONDS ?= 10
soak-selftests-race: export VCTX_TEST_SECONDS ?= 60
check-selftests-race soak-selftests-race: kernel-debug
	@scripts/vm --kernel debug --thread multi --timeout 1200 --append kmemleak=off -- sh -c \
		'race_test -v flat; \
		VCTX_TEST_SECONDS=$$((VCTX_TEST_SECONDS / 3)); race_test -f same; \
		sock_race_test -v flat; pty_test -t race; mm_test -t race'

# As much as it has to hold; the suite does the same with less.
.PHONY: soak-selftests-bounds
soak-selftests-bounds: export VCTX_TEST_SECONDS ?= 30
soak-selftests-bounds: export VCTX_TEST_CHURN ?= 100000
soak-selftests-bounds: export VCTX_TEST_MANY ?= 20000
soak-selftests-bounds: export VCTX_TEST_LS_MS ?= 1000
soak-selftests-bounds: kernel
	@scripts/vm --mem 2048 --timeout 1800 -- sh -c \
		'forkbomb_test; churn_test -v fresh; churn_test -f many'

# With the options that distributions have and the other kernels have not.
.PHONY: soak-selftests-wide
soak-selftests-wide: kernel-wide
	@scripts/vm --kernel wide --mem 3072 --disk swap:64M --timeout 3600 -- $(SELFTEST_RUN)

# The same suite as the Linux tree with the series has it, by its own rules and
# its own runner: the same tests, none failing. What is skipped differs: the
# debug kernel, from where the list comes, can inject faults.
.PHONY: check-selftests-tree
check-selftests-tree: KSFT := $(CURDIR)/$(SELFTEST_DIR)/tree
check-selftests-tree: kernel
	@$(MAKE) --no-print-directory -s -C $(O)/linux O=$(KSFT) headers
	@$(MAKE) --no-print-directory -s -C $(O)/linux/tools/testing/selftests \
		TARGETS=vctx O=$(KSFT) \
		KHDR_INCLUDES='-isystem $(KSFT)/usr/include' FORCE_TARGETS=1
	@scripts/vm --mem 2048 --disk swap:64M --timeout 1800 -- make --no-print-directory -s \
		-C $(CURDIR)/$(O)/linux/tools/testing/selftests TARGETS=vctx \
		O=$(KSFT) KHDR_INCLUDES='-isystem $(KSFT)/usr/include' run_tests \
		> $(O)/check/tree.out
	@cat $(O)/check/tree.out
	@sed -n 's/^# \(ok\|not ok\) [0-9]* *\([^ ]*\).*/\2/p' $(O)/check/tree.out | \
		sort > $(O)/check/tree.tests
	@sed -n 's/^\(ok\|not ok\) [0-9]* *\([^ ]*\).*/\2/p' \
		$(O)/check/check-selftests-debug.log | sort > $(O)/check/tree.expected
	@diff $(O)/check/tree.expected $(O)/check/tree.tests > $(O)/check/tree.diff || { \
		cat $(O)/check/tree.diff; exit 1; }
