# SPDX-License-Identifier: GPL-2.0-or-later
#
# Disk quota: real programs at their limits, and after a crash.
#
#   QUOTA_CASES        which, of those that quota/tests/programs has: "make check"
#                      runs most of them, "make soak" all
#   QUOTA_SECONDS      how long writers write side by side
#   QUOTA_FILES        files of the selftest that makes many
#   CRASH_ROUNDS       how often the power goes
#   CRASH_SOAK_ROUNDS  likewise, for "make soak"

PACKAGES += dosfstools perl postgresql procps quota xfsprogs

QUOTA_WRITER := $(O)/quota/writer

$(QUOTA_WRITER): quota/tests/writer.c
	@mkdir -p $(@D)
	$(CC) $(USER_CPPFLAGS) $(USER_CFLAGS) $(USER_WARNINGS) -o $@ $<

# As quota/tests/programs knows them
QUOTA_DISKS := --disk 'ext4:400M:-b 4096 -O quota,project' \
	       --disk 'xfs:400M' \
	       --disk 'ext4:160M:-b 1024 -O quota,project' \
	       --disk 'ext4:160M:-b 4096 -O quota,project' \
	       --disk 'ext4:160M:-b 4096 -O quota,project,bigalloc -C 16384' \
	       --disk 'ext4:64M:-b 4096' \
	       --disk 'none:320M'

CHECKS += check-quota check-quota-files check-quota-crash
SOAKS += soak-quota soak-quota-crash

.PHONY: check-quota soak-quota check-quota-files check-quota-crash soak-quota-crash
check-quota: export QUOTA_SECONDS ?= 6
check-quota: export QUOTA_SHORT = 1
soak-quota: export QUOTA_SECONDS ?= 15
check-quota soak-quota: kernel tools $(QUOTA_WRITER)
	@scripts/vm --mem 2048 --timeout 1500 $(QUOTA_DISKS) -- \
		env QUOTA_SECONDS=$(QUOTA_SECONDS) QUOTA_SHORT=$(QUOTA_SHORT) \
		quota/tests/programs \
		$(QUOTA_CASES)

# As many files as it has to hold for
check-quota-files: export VCTX_TEST_MANY = $(or $(QUOTA_FILES),10000)
check-quota-files: kernel $(O)/selftests/quota_test
	@scripts/vm --mem 2048 --timeout 900 -- quota_test -t small_files

check-quota-crash: kernel tools $(QUOTA_WRITER)
	@quota/tests/crash $(or $(CRASH_ROUNDS),3)

soak-quota-crash: kernel tools $(QUOTA_WRITER)
	@quota/tests/crash $(or $(CRASH_SOAK_ROUNDS),20)
