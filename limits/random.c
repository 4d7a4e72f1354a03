// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx limits: nrandom, bytes written to /dev/random and /dev/urandom
 *
 * Cumulative: what is mixed in stays.  A write is charged as a whole before
 * anything of it is mixed in, so that it is refused as a whole, and what a fault
 * or a signal has kept from being mixed in is then given back.
 */

#include "limits.h"

int __vctx_random_charge(size_t bytes)
{
	return vctx_charge(current_vctx(), VCTX_NRANDOM, bytes) ? -EPERM : 0;
}

void __vctx_random_uncharge(size_t bytes)
{
	vctx_uncharge(current_vctx(), VCTX_NRANDOM, bytes);
}
