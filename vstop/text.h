/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vstop: text measured in terminal columns
 */
#ifndef VSTOP_TEXT_H
#define VSTOP_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum text_align {
	ALIGN_LEFT,
	ALIGN_RIGHT,
};

/**
 * text_width - columns that a string takes on a terminal
 * @s: multibyte string in the locale's encoding
 *
 * Return: the number of columns; a byte that is no character or a character
 * that cannot be printed counts as the one '?' that text_fit() makes of it.
 */
int text_width(const char *s);

/**
 * text_fit - copy a string into exactly @width columns
 * @dst: where to
 * @size: bytes there; what does not fit is left out, the NUL is always there
 * @s: multibyte string in the locale's encoding
 * @width: columns to fill
 * @align: at which side the text stands
 *
 * Longer text is cut between characters, shorter is filled up with spaces.
 *
 * Return: the length of the result in bytes.
 */
size_t text_fit(char *dst, size_t size, const char *s, int width,
		enum text_align align);

/* A count in at most five columns: 99999, 1234k, 56M ... */
void text_count(char *dst, size_t size, uint64_t n);

/* A time in at most six columns: 59s, 4m05s, 3h07m, 12d04h, 123d, 12.3y */
void text_age(char *dst, size_t size, uint64_t usec);

/* A per-second or per-cent value: 0.4, 73.2, 1234; "-" if it is not known. */
void text_rate(char *dst, size_t size, double value);

/* A part of a whole in whole percent, 999 for whatever is more than that */
int text_percent(double fill);

/**
 * text_bar - a bar of ``[||||    ]``
 * @dst: where to
 * @size: bytes there
 * @fill: 0 for empty, 1 and more for full
 * @width: columns, brackets included; less than 3 gives nothing
 */
void text_bar(char *dst, size_t size, double fill, int width);

#endif
