/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vstop: what the files of the interactive screen share
 */
#ifndef VSTOP_SCREEN_H
#define VSTOP_SCREEN_H

#include <stdbool.h>
#include <stdint.h>
#include <wchar.h>

#define NCURSES_WIDECHAR 1
#include <curses.h>

#include "view.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define KEY_ESC		27
#define HISTORY		256

/* What things look like: set once, with and without colours */
enum look {
	LOOK_PLAIN,
	LOOK_TITLE,
	LOOK_HEADER,
	LOOK_SORTED,
	LOOK_SELECTED,
	LOOK_KEY,
	LOOK_LABEL,
	LOOK_DIM,
	LOOK_STRONG,
	LOOK_OK,
	LOOK_WARN,
	LOOK_FULL,
	NR_LOOKS,
};

enum mode {
	MODE_LIST,
	MODE_HELP,
	MODE_SEARCH,
	MODE_DELAY,
};

struct screen {
	struct model *m;
	const struct column_set *set;
	const struct column *sort;
	bool invert;
	double delay;
	double next;		/* when to read again */
	enum mode mode;
	bool quit;

	/*
	 * The selection is a context.  Until the user has chosen one, it is
	 * whichever is on top.
	 */
	bool chosen;
	uint32_t sel_id;
	size_t sel;		/* where in the order it stands now */
	size_t top;		/* first row that is visible */
	int page;		/* how many are */

	/* The selected context fills the screen, rather than the list. */
	bool detail;
	int detail_top;		/* first line that is visible */
	int detail_page;	/* how many are */
	struct account account;	/* its accounting */

	char input[64];		/* of the prompt, with its length */
	size_t input_len;
	char search[64];	/* what was found last, for 'n' */
	bool found;
	bool old_chosen;	/* before the search began */
	uint32_t old_id;

	int help_top;
	char message[128];
	double message_until;
	int error;		/* of the last reading */

	double refused[HISTORY];	/* a ring of totals, newest at nr - 1 */
	size_t nr_history;

	bool utf8;
	int cpus;
	attr_t look[NR_LOOKS];
};

/* view-curses.c: all output goes through these, which clip. */
void put(int y, int x, int width, attr_t attr, const char *s,
	 enum text_align align);
void put_text(int y, int x, attr_t attr, const char *s);
void paint_bar(int y, int x, int width, attr_t attr);
attr_t level_look(const struct screen *s, enum level level);

/* view-detail.c */

/* Lines that the details fill without scrolling */
int detail_height(const struct screen *s);
void draw_detail(struct screen *s, int y, int height);
/* Whether it was a key that scrolls */
bool detail_key(struct screen *s, wint_t key);

#endif
