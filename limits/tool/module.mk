# SPDX-License-Identifier: GPL-2.0-or-later

$(eval $(call TOOL_RULES,vlimit,limits/tool/vlimit.c limits/tool/suggest.c limits/tool/watch.c tools/table.c,-lsmartcols))
