# SPDX-License-Identifier: GPL-2.0-or-later
#
# vstop, its tests, and what scripts/demo runs.  See lib/module.mk and
# tools/module.mk for the variables and rules.

O ?= build

PACKAGES += libncurses-dev tmux
# scripts/demo: a web server and its load
PACKAGES += nginx-light apache2-utils

VSTOP_MODEL := vstop/model.c vstop/disk.c vstop/shares.c vstop/column.c \
	       vstop/text.c tools/share.c
VSTOP_VIEWS := vstop/view.c vstop/view-batch.c vstop/view-curses.c \
	       vstop/view-detail.c

$(eval $(call TOOL_RULES,vstop,vstop/main.c $(VSTOP_MODEL) $(VSTOP_VIEWS),-lncursesw -ltinfo -lm))

UNIT_TESTS += $(O)/unit/vstop $(O)/unit/vstop-tmux

VSTOP_UNIT := vstop/tests/test-vstop.c $(VSTOP_MODEL) vstop/view.c \
	      vstop/view-batch.c

# Filesystems with quota are those of the tools' tests.
$(O)/unit/vstop: $(VSTOP_UNIT:%.c=$(O)/san/%.o) \
		 $(O)/san/tools/tests/fake_kernel.o \
		 $(O)/san/tools/tests/fake_quota.o $(LIBVCTX_SAN)
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) -Wl,--wrap=syscall,--wrap=poll,--wrap=ioctl -o $@ $^ \
		-lcmocka -lm

# Runs the program itself, with sanitizers, on a terminal.
$(O)/unit/vstop-tmux: vstop/tests/tmux.sh vstop/tests/fake-tree $(O)/san/bin/vstop
	@mkdir -p $(@D)
	install -m 755 $< $@

-include $(VSTOP_UNIT:%.c=$(O)/san/%.d)
