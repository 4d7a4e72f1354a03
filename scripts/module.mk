# SPDX-License-Identifier: GPL-2.0-or-later
#
# The steps of "make check" that need more than a program to run here.  Each is
# a target that prints TAP, or is one test by its exit status (scripts/check).

CHECKS += check-vm check-shown check-run
CHECKS_BESIDE += check-series
SOAKS += soak-series
UNIT_TESTS += $(O)/unit/escapes

.PHONY: check-series soak-series check-kunit check-vm check-shown check-run

check-series: kernel $(SELFTESTS)
	@scripts/check-series

soak-series: kernel $(SELFTESTS)
	@scripts/check-series --steps

check-kunit: kernel-debug
	@scripts/vm --kernel debug --append kunit.enable=1 -- scripts/kunit

check-vm: kernel
	@scripts/check-vm

check-shown: kernel tools
	@scripts/check-shown

check-run: kernel tools
	@scripts/check-run

# Is the table in Documentation/escapes.md that of the selftests?
$(O)/unit/escapes: scripts/check-escapes
	@mkdir -p $(@D)
	install -m 755 $< $@
