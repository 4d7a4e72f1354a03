/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What cmocka.h needs before it */
#ifndef LIBVCTX_TEST_H
#define LIBVCTX_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define NR(array)	(sizeof(array) / sizeof((array)[0]))

#endif /* LIBVCTX_TEST_H */
