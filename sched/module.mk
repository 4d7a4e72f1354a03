# SPDX-License-Identifier: GPL-2.0-or-later
#
# bench/fairness: see bench/README.md. "make check" runs a short form of it.
#
#   SCHED_STRESS_SECONDS   how long settings change at random under load

PACKAGES += bsdextrautils gnuplot-nox stress-ng
BENCH_PROGS += $(O)/bench/fair
CHECKS += check-fairness

$(O)/bench/fair: bench/fair.c kernel/include/uapi/linux/vctx.h sched/module.mk
	@mkdir -p $(@D)
	$(CC) $(USER_CPPFLAGS) -O2 $(USER_WARNINGS) -static -o $@ $< -lpthread

.PHONY: check-fairness
check-fairness: kernel $(O)/bench/fair
	@bench/fairness.sh --short

CHECKS_LAST += check-sched-stress
SOAKS += soak-sched-stress

.PHONY: check-sched-stress soak-sched-stress
check-sched-stress: export SCHED_STRESS_SECONDS ?= 15
soak-sched-stress: export SCHED_STRESS_SECONDS ?= 60
check-sched-stress soak-sched-stress: kernel-debug tools
	@scripts/vm --kernel debug --mem 3072 --timeout 600 --append kmemleak=off -- \
		sched/tests/stress
