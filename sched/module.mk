# SPDX-License-Identifier: GPL-2.0-or-later
#
# bench/fairness: see bench/README.md. "make check" runs a short form of it.

PACKAGES += bsdextrautils gnuplot-nox
BENCH_PROGS += $(O)/bench/fair
CHECKS += check-fairness

$(O)/bench/fair: bench/fair.c kernel/include/uapi/linux/vctx.h sched/module.mk
	@mkdir -p $(@D)
	$(CC) $(USER_CPPFLAGS) -O2 $(USER_WARNINGS) -static -o $@ $< -lpthread

.PHONY: check-fairness
check-fairness: $(O)/bench/fair
	@bench/fairness.sh --short
