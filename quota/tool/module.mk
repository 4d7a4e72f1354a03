# SPDX-License-Identifier: GPL-2.0-or-later

PACKAGES += e2fsprogs

VQUOTA_SRC := $(addprefix quota/tool/,check.c device.c enable.c links.c place.c \
		progress.c report.c run.c set.c shift.c tag.c users.c vquota.c walk.c)

$(eval $(call TOOL_RULES,vquota,$(VQUOTA_SRC) tools/table.c,-lsmartcols))

CHECKS += check-vquota

.PHONY: check-vquota
check-vquota: kernel tools
	@scripts/vm --timeout 300 --disk 'ext4:128M:-O quota,project' \
		--disk xfs:320M --disk ext4:64M -- quota/tests/vquota
