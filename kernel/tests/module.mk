# SPDX-License-Identifier: GPL-2.0-or-later
#
# Services of Debian, and what the original could do, in one guest.
#
#   SERVICES   which, of the cases that kernel/tests/services has (all)

PACKAGES += curl dnsmasq-base iproute2 net-tools nginx-light openssh-client \
	    openssh-server passwd perl postgresql procps psmisc

CONFINE := $(O)/services/confine

$(CONFINE): kernel/tests/confine.c
	@mkdir -p $(@D)
	$(CC) $(USER_CPPFLAGS) $(USER_CFLAGS) $(USER_WARNINGS) -o $@ $<

CHECKS += check-services

.PHONY: check-services
check-services: kernel tools $(CONFINE)
	@scripts/vm --timeout 600 -- kernel/tests/services $(SERVICES)
