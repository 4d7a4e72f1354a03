# SPDX-License-Identifier: GPL-2.0-or-later
#
# Programs of the benchmarks. bench/NAME.sh is what "make bench BENCH=NAME" runs.

BENCH_PROGS += $(O)/bench/cost

COST_SRC := bench/cost.c $(sort $(wildcard bench/rows/*.c))

# Static and at fixed addresses, so that it is the same process everywhere, and
# compiled in one go: a row that appears or goes makes it anew, see bench/rows.
$(O)/bench/cost: $(COST_SRC) bench/cost.h bench/rows \
		 kernel/include/uapi/linux/vctx.h bench/module.mk
	@mkdir -p $(@D)
	$(CC) $(USER_CPPFLAGS) -O2 $(USER_WARNINGS) -static -no-pie \
		-o $@ $(COST_SRC)
