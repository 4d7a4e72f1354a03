# SPDX-License-Identifier: GPL-2.0-or-later
#
# libvctx, and what all of user space is built with.
#
# Included by the top Makefile, which sets O.  Adds to:
#   LIBS         libraries to install           HEADERS     headers to install
#   UNIT_TESTS   programs to run from the top of the source tree with
#                CMOCKA_MESSAGE_OUTPUT=TAP; each prints TAP and exits 0 if all
#                passed.  They are built with ASan and UBSan.
#   PACKAGES     Debian packages that the build needs
# For others:
#   LIBVCTX, LIBVCTX_SAN   the static library, plain and with sanitizers
#   $(O)/user/X.o, $(O)/san/X.o   from X.c, likewise

O ?= build

PACKAGES += gcc make libc6-dev libcmocka-dev

USER_CPPFLAGS := -D_GNU_SOURCE -Ikernel/include/uapi -Ilib -Itools
USER_CFLAGS ?= -O2 -g
USER_WARNINGS := -std=gnu11 -Wall -Wextra -Werror -Wshadow
SAN_CFLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	      -fno-sanitize-recover=all

LIBVCTX := $(O)/user/lib/libvctx.a
LIBVCTX_SO := $(O)/user/lib/libvctx.so.1
LIBVCTX_SAN := $(O)/san/lib/libvctx.a

LIBVCTX_SRC := lib/address.c lib/device.c lib/entry.c lib/mounts.c lib/quota.c \
	       lib/sched.c lib/summary.c lib/text.c lib/values.c lib/vctxfs.c
LIBVCTX_TESTS := address device entry quota sched summary text vctxfs

LIBS += $(LIBVCTX) $(LIBVCTX_SO)
HEADERS += lib/libvctx.h kernel/include/uapi/linux/vctx.h
UNIT_TESTS += $(LIBVCTX_TESTS:%=$(O)/unit/lib-%)

$(O)/user/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(USER_CPPFLAGS) $(USER_CFLAGS) $(USER_WARNINGS) -fPIC -MMD -MP \
		-c -o $@ $<

$(O)/san/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(USER_CPPFLAGS) $(SAN_CFLAGS) $(USER_WARNINGS) -MMD -MP \
		-c -o $@ $<

$(LIBVCTX): $(LIBVCTX_SRC:%.c=$(O)/user/%.o)
	rm -f $@
	$(AR) rcs $@ $^

$(LIBVCTX_SAN): $(LIBVCTX_SRC:%.c=$(O)/san/%.o)
	rm -f $@
	$(AR) rcs $@ $^

$(LIBVCTX_SO): $(LIBVCTX_SRC:%.c=$(O)/user/%.o) lib/libvctx.map
	$(CC) -shared -Wl,-soname,libvctx.so.1 -Wl,-z,defs \
		-Wl,--version-script=lib/libvctx.map -o $@ $(filter %.o,$^)
	ln -sf libvctx.so.1 $(@D)/libvctx.so

# System calls that the running kernel may not have are answered by the test.
$(O)/unit/lib-quota: UNIT_LDFLAGS := -Wl,--wrap=syscall,--wrap=ioctl
$(O)/unit/lib-entry $(O)/unit/lib-vctxfs: UNIT_LDFLAGS := -Wl,--wrap=syscall

$(O)/unit/lib-%: $(O)/san/lib/tests/test_%.o $(LIBVCTX_SAN)
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) $(UNIT_LDFLAGS) -o $@ $^ -lcmocka

.SECONDARY: $(LIBVCTX_TESTS:%=$(O)/san/lib/tests/test_%.o)

-include $(wildcard $(O)/user/lib/*.d $(O)/san/lib/*.d $(O)/san/lib/tests/*.d)
