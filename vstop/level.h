/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vstop: what a number means
 */
#ifndef VSTOP_LEVEL_H
#define VSTOP_LEVEL_H

/* From here on a limit is called nearly reached, and reached; as in vlimit */
#define MODEL_FILL_WARN		0.90
#define MODEL_FILL_FULL		1.00

enum level {
	LEVEL_NONE,		/* nothing to say: no limit, no refusals */
	LEVEL_OK,
	LEVEL_WARN,
	LEVEL_FULL,
};

/* What @fill, usage divided by limit, means */
enum level model_level(double fill);

#endif
