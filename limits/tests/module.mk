# SPDX-License-Identifier: GPL-2.0-or-later
#
# Real programs that meet their limits, in one guest.
#
#   PROGRAMS           which, of those that limits/tests/programs has (all)
#   PROGRAMS_SECONDS   how long a stressor of stress-ng runs

PACKAGES += nginx-light perl postgresql stress-ng tmux

PROBE := $(O)/programs/probe

$(PROBE): limits/tests/probe.c
	@mkdir -p $(@D)
	$(CC) $(USER_CPPFLAGS) $(USER_CFLAGS) $(USER_WARNINGS) -o $@ $< -lpthread

CHECKS_LAST += check-programs
SOAKS += soak-programs

.PHONY: check-programs soak-programs
check-programs: export PROGRAMS_SECONDS ?= 4
soak-programs: export PROGRAMS_SECONDS ?= 20
soak-programs: export PROGRAMS_TIMEOUT ?= 3600
check-programs soak-programs: kernel tools $(PROBE)
	@scripts/check-programs
