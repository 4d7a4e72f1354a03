# SPDX-License-Identifier: GPL-2.0-or-later
#
# Linux's own selftests of what the series touches: the same on the stock kernel,
# on ours, and inside a context, but for what scripts/mainline/expected explains.
#
# All of it is in "make soak": it needs the stock kernel, too.

PACKAGES += libcap-dev libpopt-dev rsync

SOAKS += soak-mainline

.PHONY: soak-mainline
soak-mainline: kernel kernel-stock tools
	@scripts/mainline/compare
