# SPDX-License-Identifier: GPL-2.0-or-later

$(eval $(call TOOL_RULES,vsched,sched/tool/vsched.c tools/share.c tools/table.c,-lsmartcols))
