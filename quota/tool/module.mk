# SPDX-License-Identifier: GPL-2.0-or-later

PACKAGES += e2fsprogs

VQUOTA_SRC := $(addprefix quota/tool/,check.c device.c enable.c links.c place.c \
		progress.c report.c run.c set.c shift.c tag.c users.c vquota.c walk.c)

$(eval $(call TOOL_RULES,vquota,$(VQUOTA_SRC) tools/table.c,-lsmartcols))
