// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vstop: text measured in terminal columns
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "text.h"

/*
 * One character of @s: its length in bytes to @len.  Returns its columns, or
 * -1 if it must be shown as '?'.
 */
static int next_char(const char *s, mbstate_t *state, size_t *len)
{
	wchar_t wc;
	int width;

	/* ASCII is the common case, and the same in every locale. */
	if ((unsigned char)*s < 0x80) {
		*len = 1;
		return *s >= 0x20 && *s < 0x7f ? 1 : -1;
	}
	*len = mbrtowc(&wc, s, strlen(s), state);
	if (*len == (size_t)-1 || *len == (size_t)-2 || !*len) {
		memset(state, 0, sizeof(*state));
		*len = 1;
		return -1;
	}
	width = wcwidth(wc);
	return width;
}

int text_width(const char *s)
{
	mbstate_t state = { 0 };
	int total = 0;
	size_t len;

	for (; *s; s += len) {
		int width = next_char(s, &state, &len);

		total += width < 0 ? 1 : width;
	}
	return total;
}

size_t text_fit(char *dst, size_t size, const char *s, int width,
		enum text_align align)
{
	mbstate_t state = { 0 };
	size_t out = 0, len;
	int pad, left = 0;

	if (!size)
		return 0;
	if (width < 0)
		width = 0;

	pad = width - text_width(s);
	if (align == ALIGN_RIGHT)
		for (; left < pad && out + 1 < size; left++)
			dst[out++] = ' ';

	for (; *s; s += len) {
		int cols = next_char(s, &state, &len);
		size_t bytes = cols < 0 ? 1 : len;

		if (left + (cols < 0 ? 1 : cols) > width || out + bytes >= size)
			break;
		if (cols < 0) {
			dst[out] = '?';
			cols = 1;
		} else {
			memcpy(dst + out, s, len);
		}
		out += bytes;
		left += cols;
	}

	/* Also where a wide character was cut at the edge */
	for (; left < width && out + 1 < size; left++)
		dst[out++] = ' ';
	dst[out] = '\0';
	return out;
}

void text_count(char *dst, size_t size, uint64_t n)
{
	static const char unit[] = "kMGTPE";
	int u = -1;

	while (n > (u < 0 ? 99999 : 9999) && unit[u + 1]) {
		n /= 1000;
		u++;
	}
	if (u < 0)
		snprintf(dst, size, "%" PRIu64, n);
	else
		snprintf(dst, size, "%" PRIu64 "%c", n, unit[u]);
}

void text_age(char *dst, size_t size, uint64_t usec)
{
	uint64_t s = usec / 1000000, m = s / 60, h = m / 60, d = h / 24;

	if (s < 60)
		snprintf(dst, size, "%" PRIu64 "s", s);
	else if (m < 60)
		snprintf(dst, size, "%" PRIu64 "m%02" PRIu64 "s", m, s % 60);
	else if (h < 24)
		snprintf(dst, size, "%" PRIu64 "h%02" PRIu64 "m", h, m % 60);
	else if (d < 100)
		snprintf(dst, size, "%" PRIu64 "d%02" PRIu64 "h", d, h % 24);
	else if (d < 1000)
		snprintf(dst, size, "%" PRIu64 "d", d);
	else
		snprintf(dst, size, "%.1fy", (double)d / 365.25);
}

void text_rate(char *dst, size_t size, double value)
{
	if (isnan(value))
		snprintf(dst, size, "-");
	else if (value < 999.95)
		snprintf(dst, size, "%.1f", value);
	else if (value < 1e15)
		text_count(dst, size, (uint64_t)(value + 0.5));
	else
		snprintf(dst, size, ">1P");
}

int text_percent(double fill)
{
	/* 0.29 * 100 is less than 29, hence the tiny bit more. */
	return fill > 9.99 ? 999 : (int)(fill * 100 + 1e-9);
}

void text_bar(char *dst, size_t size, double fill, int width)
{
	int i, full, out = 0;

	if (!size)
		return;
	if (width < 3 || (size_t)width >= size) {
		*dst = '\0';
		return;
	}
	fill = isnan(fill) || fill < 0 ? 0 : fill > 1 ? 1 : fill;
	full = (int)(fill * (width - 2) + 0.5);
	/* Something is never shown as nothing, nor nearly full as full. */
	if (!full && fill > 0)
		full = 1;
	if (full == width - 2 && fill < 1 && width > 3)
		full--;

	dst[out++] = '[';
	for (i = 0; i < width - 2; i++)
		dst[out++] = i < full ? '|' : ' ';
	dst[out++] = ']';
	dst[out] = '\0';
}
