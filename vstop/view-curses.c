// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vstop: the interactive screen
 *
 * Everything is drawn anew from the model after each event; curses sends to
 * the terminal only what has changed.  Only rows that are visible are drawn.
 * All output goes through put(), which clips, so that no size of the terminal
 * needs care anywhere else.
 */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <wctype.h>

#include "screen.h"
#include <term.h>

#define CELL		512
#define KEY_CTRL(c)	((c) & 0x1f)
#define MESSAGE_TIME	3.0

/*
 * Without colours, more attributes mean more trouble.  Every coloured thing is
 * also a number or a letter, so that nothing is told by the look alone.
 */
static const struct {
	short fg;
	short bg;
	attr_t attr;
	attr_t mono;
} looks[NR_LOOKS] = {
	[LOOK_PLAIN]	= { -1, -1, A_NORMAL, A_NORMAL },
	[LOOK_TITLE]	= { COLOR_WHITE, COLOR_BLUE, A_BOLD, A_REVERSE },
	[LOOK_HEADER]	= { COLOR_BLACK, COLOR_GREEN, A_NORMAL, A_REVERSE },
	[LOOK_SORTED]	= { COLOR_BLACK, COLOR_CYAN, A_NORMAL,
			    A_REVERSE | A_BOLD },
	[LOOK_SELECTED]	= { COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_REVERSE },
	[LOOK_KEY]	= { -1, -1, A_BOLD, A_BOLD },
	[LOOK_LABEL]	= { COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_REVERSE },
	[LOOK_DIM]	= { -1, -1, A_DIM, A_DIM },
	[LOOK_STRONG]	= { -1, -1, A_BOLD, A_BOLD },
	[LOOK_OK]	= { COLOR_GREEN, -1, A_NORMAL, A_NORMAL },
	[LOOK_WARN]	= { COLOR_YELLOW, -1, A_NORMAL, A_BOLD },
	[LOOK_FULL]	= { COLOR_RED, -1, A_BOLD, A_BOLD | A_UNDERLINE },
};

/* Signals */

static volatile sig_atomic_t got_signal;

static void on_signal(int sig)
{
	got_signal = sig;
}

/* Written to the terminal by a crash, where curses cannot be called any more */
static char crash_text[256];
static size_t crash_len;
static struct termios crash_termios;
static bool crash_has_termios;

static void on_crash(int sig)
{
	ssize_t ignored;

	if (crash_has_termios)
		tcsetattr(STDIN_FILENO, TCSANOW, &crash_termios);
	ignored = write(STDOUT_FILENO, crash_text, crash_len);
	(void)ignored;
	/* SA_RESETHAND: this time it ends the program, with a core dump. */
	raise(sig);
}

static void crash_add(const char *capability)
{
	const char *s = tigetstr(capability);

	if (!s || s == (const char *)-1)
		return;
	while (*s && crash_len < sizeof(crash_text)) {
		/* Delays for old terminals: $<5> */
		if (s[0] == '$' && s[1] == '<') {
			s += strcspn(s, ">");
			s += *s == '>';
			continue;
		}
		crash_text[crash_len++] = *s++;
	}
}

/*
 * Signals are let in only while waiting, so that none is lost between looking
 * and sleeping.  @wait gets the mask for that.
 */
static void signals_init(sigset_t *wait)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL,
				       SIGABRT };
	struct sigaction sa = { .sa_handler = on_signal };
	struct sigaction old;
	sigset_t block;
	size_t i;

	sigemptyset(&block);
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		sigaddset(&block, ends[i]);
		sigaction(ends[i], &sa, NULL);
	}
	sigaddset(&block, SIGWINCH);
	sigprocmask(SIG_BLOCK, &block, wait);
	for (i = 0; i < ARRAY_SIZE(ends); i++)
		sigdelset(wait, ends[i]);
	sigdelset(wait, SIGWINCH);

	crash_add("sgr0");
	crash_add("rmkx");
	crash_add("cnorm");
	crash_add("rmcup");
	sa.sa_handler = on_crash;
	sa.sa_flags = (int)SA_RESETHAND;
	for (i = 0; i < ARRAY_SIZE(crashes); i++) {
		/* A sanitizer has its own. */
		sigaction(crashes[i], NULL, &old);
		if (old.sa_handler == SIG_DFL)
			sigaction(crashes[i], &sa, NULL);
	}
}

/* Drawing */

void put(int y, int x, int width, attr_t attr, const char *s,
	 enum text_align align)
{
	char fit[4096];

	if (y < 0 || y >= LINES || x < 0 || x >= COLS)
		return;
	if (width > COLS - x)
		width = COLS - x;
	text_fit(fit, sizeof(fit), s, width, align);
	attrset((int)attr);
	/* ERR only says that the cursor cannot go beyond the last cell. */
	mvaddstr(y, x, fit);
}

void put_text(int y, int x, attr_t attr, const char *s)
{
	put(y, x, text_width(s), attr, s, ALIGN_LEFT);
}

attr_t level_look(const struct screen *s, enum level level)
{
	static const enum look look[] = {
		[LEVEL_NONE]	= LOOK_DIM,
		[LEVEL_OK]	= LOOK_OK,
		[LEVEL_WARN]	= LOOK_WARN,
		[LEVEL_FULL]	= LOOK_FULL,
	};

	return s->look[look[level]];
}

/* A bar that is drawn already, at @x: what it is filled with gets @attr. */
void paint_bar(int y, int x, int width, attr_t attr)
{
	int i;

	for (i = 1; i < width - 1 && x + i < COLS; i++) {
		if ((mvinch(y, x + i) & A_CHARTEXT) == '|')
			put(y, x + i, 1, attr, "|", ALIGN_LEFT);
	}
}

static void draw_title(const struct screen *s)
{
	char host[256] = "?", left[300], right[64], when[16] = "";
	struct tm tm;
	int width;

	if (!gethostname(host, sizeof(host)))
		host[sizeof(host) - 1] = '\0';
	if (localtime_r(&s->m->wall.tv_sec, &tm))
		strftime(when, sizeof(when), "%H:%M:%S", &tm);
	snprintf(left, sizeof(left), " vstop  %s", host);
	snprintf(right, sizeof(right), "%s  every %g s ", when, s->delay);

	put(0, 0, COLS, s->look[LOOK_TITLE], left, ALIGN_LEFT);
	width = text_width(right);
	if (COLS < text_width(left) + width + 1) {
		snprintf(right, sizeof(right), "%s ", when);
		width = text_width(right);
	}
	if (COLS >= text_width(left) + width + 1)
		put(0, COLS - width, width, s->look[LOOK_TITLE], right,
		    ALIGN_LEFT);
}

/* How the refusals went: one character for each reading, the newest right */
static void history_text(const struct screen *s, char *dst, size_t size,
			 int width)
{
	static const char *const blocks[] = { " ", "▁", "▂", "▃", "▄", "▅",
					      "▆", "▇", "█" };
	static const char *const ascii[] = { " ", ".", ":", "-", "=", "+",
					     "*", "%", "#" };
	const char *const *step = s->utf8 ? blocks : ascii;
	double most = 0;
	size_t out = 0, i;
	int first = (int)s->nr_history - width, n;

	for (n = 0; n < width; n++) {
		if (first + n >= 0 && s->refused[(first + n) % HISTORY] > most)
			most = s->refused[(first + n) % HISTORY];
	}
	for (n = 0; n < width; n++) {
		double v = first + n < 0 ? 0 :
			   s->refused[(first + n) % HISTORY];

		i = v > 0 ? 1 + (size_t)(v / most * 7.0) : 0;
		if (i > 8)
			i = 8;
		if (out + strlen(step[i]) >= size)
			break;
		out += (size_t)snprintf(dst + out, size - out, "%s", step[i]);
	}
	dst[out] = '\0';
}

static void draw_meters(const struct screen *s, int y)
{
	const struct totals *t = &s->m->total;
	attr_t strong = s->look[LOOK_STRONG], plain = s->look[LOOK_PLAIN];
	char cpu[32], refused[32], text[96], history[HISTORY * 4];
	double share = isnan(t->cpu) ? 0 : t->cpu / (100.0 * s->cpus);
	int wide = COLS - 28, x;

	text_rate(cpu, sizeof(cpu), t->cpu);
	text_rate(refused, sizeof(refused), t->refused);

	/* Without room for bars: the numbers alone */
	if (wide < 34) {
		snprintf(text, sizeof(text), " CPU %s%%  Refused %s/s", cpu,
			 refused);
		put(y, 0, COLS, plain, text, ALIGN_LEFT);
		snprintf(text, sizeof(text), " Contexts %zu  Tasks %llu",
			 t->contexts, (unsigned long long)t->tasks);
		put(y + 1, 0, COLS, plain, text, ALIGN_LEFT);
		return;
	}
	if (wide > 72)
		wide = 72;

	snprintf(text, sizeof(text), "%s%% of %d CPU%s", cpu, s->cpus,
		 s->cpus == 1 ? "" : "s");
	x = wide - text_width("1000.0% of 10 CPUs");
	put_text(y, 1, plain, "CPU");
	text_bar(history, sizeof(history), share, x - 9);
	put_text(y, 9, strong, history);
	paint_bar(y, 9, x - 9, level_look(s, model_level(share)));
	put_text(y, x + 1, strong, text);

	put_text(y + 1, 1, plain, "Refused");
	put_text(y + 1, 9, strong, "[");
	put_text(y + 1, x - 1, strong, "]");
	history_text(s, history, sizeof(history), x - 11);
	put_text(y + 1, 10, level_look(s, LEVEL_FULL), history);
	snprintf(text, sizeof(text), "%s/s", refused);
	put_text(y + 1, x + 1, t->refused > 0 ? level_look(s, LEVEL_FULL) :
		 strong, text);

	x = wide + 3;
	put_text(y, x, plain, "Contexts");
	snprintf(text, sizeof(text), "%zu", t->contexts);
	put_text(y, x + 9, strong, text);
	x += 10 + text_width(text);
	if (t->created || t->gone) {
		snprintf(text, sizeof(text), "+%zu -%zu", t->created, t->gone);
		put_text(y, x, s->look[LOOK_DIM], text);
	}
	x = wide + 3;
	put_text(y + 1, x, plain, "Tasks");
	snprintf(text, sizeof(text), "%llu", (unsigned long long)t->tasks);
	put_text(y + 1, x + 9, strong, text);
}

/* What the user has asked for is there, even if there is nothing to show. */
static bool is_present(const struct screen *s, int c)
{
	const struct column *col = s->set->col[c];

	return c >= s->set->usual || !col->present || col->present(s->m);
}

/* Does column @a go before @b where there is no room for both? */
static bool goes_before(const struct column_set *set, int a, int b)
{
	bool usual = a < set->usual;

	if (usual != (b < set->usual))
		return usual;
	return set->col[a]->drop > set->col[b]->drop;
}

/*
 * Which columns are shown, and how wide: @width is 0 for those that are not.
 * The least important go first when there is no room for all; what is left over
 * goes to those that can use it.
 */
static void layout(const struct screen *s, int width[MAX_COLUMNS])
{
	const struct column *name = column_find("name");
	const struct column *id = column_find("id");
	const struct column *const *col = s->set->col;
	int nr = s->set->nr;
	int total = -1, shown = nr, need_name = 4, grown, c;
	uint32_t max_id = 0;
	char text[16];
	size_t i;

	for (i = 0; i < s->m->cur.nr; i++) {
		const struct vctx_info *ctx = s->m->cur.rows[i].ctx;
		int w;

		if (ctx->id > max_id)
			max_id = ctx->id;
		w = text_width(ctx->name);
		if (w > need_name)
			need_name = w;
	}
	for (c = 0; c < nr; c++) {
		width[c] = 0;
		if (!is_present(s, c)) {
			shown--;
			continue;
		}
		width[c] = col[c]->width;
		/* Half a number is a wrong number. */
		if (col[c] == id) {
			snprintf(text, sizeof(text), "%u", max_id);
			if ((int)strlen(text) > width[c])
				width[c] = (int)strlen(text);
		}
		total += width[c] + 1;
	}
	while (total > COLS && shown > 1) {
		int least = -1;

		for (c = 0; c < nr; c++)
			if (width[c] &&
			    (least < 0 || goes_before(s->set, c, least)))
				least = c;
		total -= width[least] + 1;
		width[least] = 0;
		shown--;
	}
	/* In turn, so that no bar gets long while another one stays short */
	do {
		grown = 0;
		for (c = 0; c < nr && total < COLS; c++) {
			int most = col[c] == name && need_name < name->grow ?
				   need_name : col[c]->grow;

			if (!width[c] || col[c] == id || width[c] >= most)
				continue;
			width[c]++;
			total++;
			grown++;
		}
	} while (grown);
}

static void draw_header(const struct screen *s, int y,
			const int width[MAX_COLUMNS])
{
	bool descending = s->sort->descending != s->invert;
	const struct column *const *col = s->set->col;
	int x = 0, c;

	put(y, 0, COLS, s->look[LOOK_HEADER], "", ALIGN_LEFT);
	for (c = 0; c < s->set->nr; c++) {
		const char *title = col[c]->title;
		char arrow[64];
		int w = width[c];

		if (!w)
			continue;
		if (col[c] != s->sort) {
			put(y, x, w, s->look[LOOK_HEADER], title,
			    col[c]->align);
		} else {
			/* The arrow takes the space beside the column. */
			bool left = col[c]->align == ALIGN_LEFT;
			const char *mark = s->utf8 ? descending ? "▼" : "▲" :
					   descending ? "v" : "^";
			bool room = text_width(title) < w;

			snprintf(arrow, sizeof(arrow), left ? "%s%s" : "%2$s%1$s",
				 title, room || left ? mark : "");
			put(y, x, w, s->look[LOOK_SORTED], arrow,
			    col[c]->align);
			if (!room && !left && x)
				put_text(y, x - 1, s->look[LOOK_SORTED], mark);
		}
		x += w + 1;
	}
}

static void draw_cell(const struct screen *s, int y, int x, int w,
		      const struct column *col, const struct row *row,
		      bool selected)
{
	enum level level = col->level ? col->level(row) : LEVEL_OK;
	attr_t attr = s->look[LOOK_PLAIN];
	char cell[CELL];
	const char *open, *close;

	col->render(row, cell, sizeof(cell), w);
	if (selected) {
		put(y, x, w, s->look[LOOK_SELECTED], cell, col->align);
		return;
	}
	if (!row->ctx->members && level < LEVEL_WARN)
		attr = s->look[LOOK_DIM];
	else if (level != LEVEL_OK)
		attr = level_look(s, level);
	open = strchr(cell, '[');
	close = strrchr(cell, ']');
	if (col->level && level != LEVEL_NONE && open && close) {
		put(y, x, w, s->look[LOOK_PLAIN], cell, col->align);
		paint_bar(y, x + (int)(open - cell), (int)(close - open) + 1,
			  level_look(s, level));
		if (level >= LEVEL_WARN)
			put_text(y, x + (int)(close - cell) + 1, attr,
				 close + 1);
		return;
	}
	put(y, x, w, attr, cell, col->align);
	/* A name that is cut says so. */
	if (col->align == ALIGN_LEFT && text_width(cell) > w && w > 1)
		put_text(y, x + w - 1, s->look[LOOK_DIM], "~");
}

static void draw_row(const struct screen *s, int y, size_t i,
		     const int width[MAX_COLUMNS])
{
	const struct row *row = s->m->order[i];
	bool selected = i == s->sel;
	int x = 0, c;

	if (selected)
		put(y, 0, COLS, s->look[LOOK_SELECTED], "", ALIGN_LEFT);
	for (c = 0; c < s->set->nr; c++) {
		if (!width[c])
			continue;
		draw_cell(s, y, x, width[c], s->set->col[c], row, selected);
		x += width[c] + 1;
	}
}

static void draw_list(struct screen *s, int y, int height)
{
	int width[MAX_COLUMNS], i;
	size_t nr = s->m->cur.nr;

	layout(s, width);
	if (height > 1) {
		draw_header(s, y++, width);
		height--;
	}
	s->page = height > 0 ? height : 1;
	if (s->sel < s->top)
		s->top = s->sel;
	if (s->sel >= s->top + (size_t)s->page)
		s->top = s->sel - (size_t)s->page + 1;
	/* No empty lines below the last row while there are some above */
	if (s->top + (size_t)s->page > nr)
		s->top = nr > (size_t)s->page ? nr - (size_t)s->page : 0;

	for (i = 0; i < height && s->top + (size_t)i < nr; i++)
		draw_row(s, y + i, s->top + (size_t)i, width);
	if (!nr && height > 0)
		put_text(y + (height > 2), 2, s->look[LOOK_DIM], s->m->only ?
			 "the context has ended" : "no contexts");
}

static void draw_footer(struct screen *s, int y)
{
	static const struct label {
		const char *key, *label;
	} list[] = {
		{ "F1", "Help" }, { "/", "Search" }, { "<>", "Sort" },
		{ "I", "Invert" }, { "Enter", "Detail" }, { "d", "Delay" },
		{ "F10", "Quit" }, { NULL, NULL },
	}, detail[] = {
		{ "F1", "Help" }, { "/", "Search" }, { "Esc", "Back" },
		{ "Up Down", "Scroll" }, { "<>", "Other contexts" },
		{ "d", "Delay" }, { "F10", "Quit" }, { NULL, NULL },
	};
	const struct label *keys = s->detail ? detail : list;
	char text[256];
	int x = 0;

	curs_set(0);
	switch (s->mode) {
	case MODE_SEARCH:
	case MODE_DELAY:
		snprintf(text, sizeof(text), "%s: %s", s->mode == MODE_SEARCH ?
			 "Search" : "Seconds between readings", s->input);
		x = text_width(text);
		put(y, 0, COLS, s->mode == MODE_SEARCH && !s->found ?
		    s->look[LOOK_FULL] : s->look[LOOK_STRONG], text,
		    ALIGN_LEFT);
		if (s->mode == MODE_SEARCH && !s->found)
			put_text(y, x + 2, s->look[LOOK_FULL], "(none)");
		curs_set(1);
		move(y, x < COLS ? x : COLS - 1);
		return;
	default:
		break;
	}
	if (s->error) {
		put(y, 0, COLS, s->look[LOOK_FULL], view_error(s->error),
		    ALIGN_LEFT);
		return;
	}
	if (*s->message) {
		put(y, 0, COLS, s->look[LOOK_STRONG], s->message, ALIGN_LEFT);
		return;
	}
	for (; keys->key; keys++) {
		int key = text_width(keys->key);
		int label = text_width(keys->label);

		if (x + key + label > COLS)
			break;
		put_text(y, x, s->look[LOOK_KEY], keys->key);
		put(y, x + key, label + 1, s->look[LOOK_LABEL], keys->label,
		    ALIGN_LEFT);
		x += key + label + 1;
	}
	put(y, x, COLS - x, s->look[LOOK_LABEL], "", ALIGN_LEFT);
}

/* The help is one text; columns and their keys come from the table. */
static char *help_text(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	int c;

	if (!f)
		return NULL;
	fputs("*vstop: what every context uses, and how near its limits it is\n"
	      "\n"
	      "*Keys\n"
	      " Up Down       select a context; also PgUp PgDn Home End\n"
	      " Enter         all of the selected context: there Up, Down, PgUp, PgDn, Home\n"
	      "               and End scroll, < and > go to other contexts, Esc goes back\n"
	      " /             search by name or number; n for the next one\n"
	      " < >           order by the column to the left, to the right\n"
	      " I             invert the order\n"
	      " d             seconds between readings\n"
	      " Space         read now\n"
	      " h ? F1        this help\n"
	      " q F10 Ctrl-C  quit\n"
	      "\n"
	      "*Columns, and the keys that order by them\n", f);
	for (c = 0; c < nr_columns; c++)
		fprintf(f, " %c  %-10s  %s\n", column_table[c].hotkey ?
			column_table[c].hotkey : ' ', column_table[c].title,
			column_table[c].help);
	fprintf(f, "\n"
		"*Limits\n"
		" Yellow from %.0f %% of the hard limit on and above the soft limit, red at\n"
		" the hard limit.  It may be above 100 %% if it was lowered below the usage.\n"
		" A refusal is an error that a program got because of a hard limit.\n"
		" The limit of a disk is the hard one or, if there is none, the soft one.\n"
		" S is yellow: the time of grace runs.  G, R, once it is over, and where the\n"
		" disk has refused something since the last reading, are red.\n"
		" Dim contexts have no members of their own.  What a context uses counts\n"
		" in those above it too.\n",
		MODEL_FILL_WARN * 100);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

static void draw_help(struct screen *s)
{
	char *text = help_text(), *line, *next;
	int nr = 0, page = LINES > 1 ? LINES - 1 : 1, i;

	if (!text)
		return;
	for (line = text; *line; line++)
		nr += *line == '\n';
	if (s->help_top > nr - page)
		s->help_top = nr - page;
	if (s->help_top < 0)
		s->help_top = 0;

	for (line = text, i = 0; *line; line = next, i++) {
		bool title = *line == '*';

		next = strchr(line, '\n');
		*next++ = '\0';
		if (i < s->help_top || i >= s->help_top + page)
			continue;
		put(i - s->help_top, title ? 0 : 1, COLS, title ?
		    s->look[LOOK_STRONG] : s->look[LOOK_PLAIN], line + title,
		    ALIGN_LEFT);
	}
	free(text);
	if (LINES > 1)
		put(LINES - 1, 0, COLS, s->look[LOOK_LABEL], nr > page ?
		    "Up and Down scroll, any other key goes back" :
		    "Any key goes back", ALIGN_LEFT);
	curs_set(0);
}

/* The numbers of all contexts, if there is room for them. */
static bool has_meters(const struct screen *s)
{
	if (s->detail)
		return LINES >= 6 + detail_height(s);
	return LINES >= 11;
}

static void draw(struct screen *s)
{
	int y = 0, bottom = LINES;
	bool prompt = s->mode == MODE_SEARCH || s->mode == MODE_DELAY;

	erase();
	if (s->mode == MODE_HELP) {
		draw_help(s);
		refresh();
		return;
	}

	/* What is not the list gives way first. */
	if (LINES >= 6)
		draw_title(s);
	if (LINES >= 6)
		y = 1;
	if (has_meters(s)) {
		draw_meters(s, 1);
		y = LINES >= 13 ? 4 : 3;
	}
	if (LINES >= 5 || (prompt && LINES >= 2))
		bottom--;
	if (s->detail)
		draw_detail(s, y, bottom - y);
	else
		draw_list(s, y, bottom - y);
	/* Last: this is where the cursor stays. */
	if (bottom < LINES)
		draw_footer(s, bottom);
	refresh();
}

/* What keys do */

static void say(struct screen *s, const char *message)
{
	snprintf(s->message, sizeof(s->message), "%s", message);
	s->message_until = model_now() + MESSAGE_TIME;
}

/* After the order has changed: the selected context, wherever it is now */
static void follow(struct screen *s)
{
	size_t nr = s->m->cur.nr;
	ssize_t i;

	model_sort(s->m, s->sort, s->invert);
	if (!s->chosen) {
		s->sel = 0;
		return;
	}
	i = model_find(s->m, s->sel_id);
	if (i >= 0) {
		s->sel = (size_t)i;
	} else if (nr) {
		/* It is gone: its neighbour. */
		if (s->sel >= nr)
			s->sel = nr - 1;
		s->sel_id = s->m->order[s->sel]->ctx->id;
	} else {
		s->sel = 0;
	}
}

/* What the list or the details show, and the summary does not have */
static void set_wants(struct screen *s)
{
	s->m->wants = column_set_needs(s->set, s->sort);
	if (s->detail)
		s->m->wants |= MODEL_DISK | MODEL_SHARE;
}

/* The accounting of whom the details are about */
static void read_account(struct screen *s)
{
	if (s->detail && s->m->cur.nr)
		account_update(&s->account, s->m->order[s->sel]->ctx->id,
			       model_now());
}

static void choose(struct screen *s, ssize_t i)
{
	ssize_t nr = (ssize_t)s->m->cur.nr;

	if (!nr)
		return;
	i = i < 0 ? 0 : i >= nr ? nr - 1 : i;
	s->sel = (size_t)i;
	s->sel_id = s->m->order[i]->ctx->id;
	s->chosen = true;
	if (s->account.id != s->sel_id)
		read_account(s);
}

static void open_detail(struct screen *s)
{
	if (!s->m->cur.nr)
		return;
	s->detail = true;
	s->detail_top = 0;
	set_wants(s);
	model_more(s->m);
	choose(s, (ssize_t)s->sel);
}

static void reread(struct screen *s)
{
	uint32_t id = s->sel_id;

	set_wants(s);
	s->error = model_update(s->m);
	if (s->error)
		return;
	follow(s);
	if (s->detail && (s->sel_id != id || !s->m->cur.nr)) {
		s->detail = false;
		snprintf(s->message, sizeof(s->message),
			 "context %u has ended", id);
		s->message_until = model_now() + MESSAGE_TIME;
	}
	read_account(s);
	if (isnan(s->m->total.refused))
		return;
	s->refused[s->nr_history % HISTORY] = s->m->total.refused;
	s->nr_history++;
}

static void sort_by(struct screen *s, const struct column *col)
{
	if (s->sort != col) {
		s->sort = col;
		s->invert = false;
		set_wants(s);
		model_more(s->m);
	}
	follow(s);
}

/* By the column left or right of the one that it is ordered by */
static void sort_beside(struct screen *s, int step)
{
	const struct column_set *set = s->set;
	int c;

	for (c = 0; c < set->nr && set->col[c] != s->sort; c++)
		;
	c = c == set->nr ? 0 : c + step;
	while (c >= 0 && c < set->nr && !is_present(s, c))
		c += step;
	if (c >= 0 && c < set->nr)
		sort_by(s, set->col[c]);
}

/* Selects the next context that matches, from @from on. */
static bool search(struct screen *s, const char *what, size_t from, int step)
{
	size_t nr = s->m->cur.nr, n, i;
	char id[16];

	for (n = 0; n < nr; n++) {
		const struct vctx_info *ctx;

		i = step > 0 ? (from + n) % nr : (from + nr - n) % nr;
		ctx = s->m->order[i]->ctx;
		snprintf(id, sizeof(id), "%u", ctx->id);
		if (strcasestr(ctx->name, what) ||
		    !strncmp(id, what, strlen(what))) {
			choose(s, (ssize_t)i);
			return true;
		}
	}
	return false;
}

static void search_next(struct screen *s, const char *what, int step)
{
	size_t nr = s->m->cur.nr;

	if (!*what || !nr)
		return;
	if (!search(s, what, (s->sel + (step > 0 ? 1 : nr - 1)) % nr, step))
		say(s, "nothing found");
}

static void search_changed(struct screen *s)
{
	ssize_t from = s->old_chosen ? model_find(s->m, s->old_id) : 0;

	s->found = true;
	if (*s->input)
		s->found = search(s, s->input, from < 0 ? 0 : (size_t)from, 1);
}

static void prompt_begin(struct screen *s, enum mode mode)
{
	s->mode = mode;
	s->input[0] = '\0';
	s->input_len = 0;
	s->found = true;
	s->old_chosen = s->chosen;
	s->old_id = s->sel_id;
	s->message[0] = '\0';
}

static void delay_entered(struct screen *s)
{
	char *end;
	double delay = strtod(s->input, &end);

	if (!*s->input)
		return;
	if (*end || !(delay >= DELAY_MIN && delay <= DELAY_MAX)) {
		snprintf(s->message, sizeof(s->message),
			 "'%.20s' is not between %g and %g seconds", s->input,
			 DELAY_MIN, DELAY_MAX);
		s->message_until = model_now() + MESSAGE_TIME;
		return;
	}
	s->delay = delay;
	s->next = model_now() + delay;
}

static void prompt_key(struct screen *s, wint_t key, bool special)
{
	char bytes[MB_LEN_MAX];
	mbstate_t state = { 0 };
	size_t len;

	if (special) {
		switch (key) {
		case KEY_BACKSPACE:
			key = '\b';
			break;
		case KEY_ENTER:
			key = '\n';
			break;
		case KEY_F(3):
		case KEY_DOWN:
			if (s->mode == MODE_SEARCH)
				search_next(s, s->input, 1);
			return;
		case KEY_UP:
			if (s->mode == MODE_SEARCH)
				search_next(s, s->input, -1);
			return;
		default:
			return;
		}
	}
	switch (key) {
	case KEY_ESC:
	case KEY_CTRL('g'):
		if (s->mode == MODE_SEARCH) {
			s->chosen = s->old_chosen;
			s->sel_id = s->old_id;
			follow(s);
		}
		s->mode = MODE_LIST;
		return;
	case '\n':
	case '\r':
		if (s->mode == MODE_DELAY)
			delay_entered(s);
		else
			snprintf(s->search, sizeof(s->search), "%s", s->input);
		s->mode = MODE_LIST;
		return;
	case '\b':
	case 0x7f:
		/* All bytes of the last character */
		while (s->input_len &&
		       ((unsigned char)s->input[--s->input_len] & 0xc0) == 0x80)
			;
		s->input[s->input_len] = '\0';
		break;
	case KEY_CTRL('u'):
		s->input_len = 0;
		s->input[0] = '\0';
		break;
	default:
		len = wcrtomb(bytes, (wchar_t)key, &state);
		if (len == (size_t)-1 || !iswprint(key) ||
		    s->input_len + len >= sizeof(s->input))
			return;
		memcpy(s->input + s->input_len, bytes, len);
		s->input_len += len;
		s->input[s->input_len] = '\0';
	}
	if (s->mode == MODE_SEARCH)
		search_changed(s);
}

static void help_key(struct screen *s, wint_t key, bool special)
{
	int page = LINES > 2 ? LINES - 2 : 1;

	if (special && (key == KEY_DOWN || key == KEY_UP))
		s->help_top += key == KEY_DOWN ? 1 : -1;
	else if (special && (key == KEY_NPAGE || key == KEY_PPAGE))
		s->help_top += key == KEY_NPAGE ? page : -page;
	else if (special && key == KEY_F(10))
		s->quit = true;
	else
		s->mode = MODE_LIST;
}

static bool motion_key(struct screen *s, wint_t key)
{
	ssize_t sel = (ssize_t)s->sel;

	if (s->detail)
		return detail_key(s, key);
	switch (key) {
	case KEY_UP:
		choose(s, sel - 1);
		break;
	case KEY_DOWN:
		choose(s, sel + 1);
		break;
	case KEY_PPAGE:
		choose(s, sel - s->page);
		break;
	case KEY_NPAGE:
		choose(s, sel + s->page);
		break;
	case KEY_HOME:
		choose(s, 0);
		break;
	case KEY_END:
		choose(s, (ssize_t)s->m->cur.nr - 1);
		break;
	default:
		return false;
	}
	return true;
}

static void list_key(struct screen *s, wint_t key, bool special)
{
	const struct column *col;
	int c;

	if (special) {
		if (motion_key(s, key))
			return;
		switch (key) {
		case KEY_ENTER:
			key = '\n';
			break;
		case KEY_F(1):
			key = 'h';
			break;
		case KEY_F(3):
			key = '/';
			break;
		case KEY_F(10):
			key = 'q';
			break;
		case KEY_LEFT:
			key = '<';
			break;
		case KEY_RIGHT:
			key = '>';
			break;
		default:
			return;
		}
	}

	switch (key) {
	case 'q':
		s->quit = true;
		break;
	case 'h':
	case '?':
		s->mode = MODE_HELP;
		s->help_top = 0;
		break;
	case '/':
		prompt_begin(s, MODE_SEARCH);
		break;
	case 'n':
		search_next(s, s->search, 1);
		break;
	case 'd':
		prompt_begin(s, MODE_DELAY);
		break;
	case '\n':
	case '\r':
		if (s->detail)
			s->detail = false;
		else
			open_detail(s);
		break;
	case KEY_ESC:
		s->detail = false;
		break;
	case ' ':
		/* A key that is held down would put off all comparison. */
		if (model_now() - s->m->cur.time >= MODEL_MIN_INTERVAL)
			reread(s);
		break;
	case 'I':
		s->invert = !s->invert;
		follow(s);
		break;
	case '<':
	case '>':
		if (s->detail)
			choose(s, (ssize_t)s->sel + (key == '<' ? -1 : 1));
		else
			sort_beside(s, key == '<' ? -1 : 1);
		break;
	case 'j':
		motion_key(s, KEY_DOWN);
		break;
	case 'k':
		motion_key(s, KEY_UP);
		break;
	case KEY_CTRL('l'):
		clearok(curscr, TRUE);
		break;
	default:
		/* The next one with this key, where two share it */
		for (c = 0; c < nr_columns; c++) {
			col = &column_table[((int)(s->sort - column_table) + 1 + c) %
				       nr_columns];
			if (col->hotkey && (wint_t)col->hotkey == key) {
				sort_by(s, col);
				break;
			}
		}
	}
}

/* Returns false when there is nobody at the keyboard any more. */
static bool keys(struct screen *s)
{
	wint_t key;
	int type, nr = 0;

	while ((type = get_wch(&key)) != ERR) {
		bool special = type == KEY_CODE_YES;

		nr++;
		if (special && key == KEY_RESIZE)
			continue;
		if (s->mode == MODE_HELP)
			help_key(s, key, special);
		else if (s->mode == MODE_LIST)
			list_key(s, key, special);
		else
			prompt_key(s, key, special);
		if (s->quit)
			break;
	}
	return nr > 0;
}

static void looks_init(struct screen *s)
{
	const char *no_color = getenv("NO_COLOR");
	bool colors = has_colors() && !(no_color && *no_color);
	short bg = -1, pair = 1;
	size_t i;

	if (colors) {
		start_color();
		if (use_default_colors() == ERR)
			bg = COLOR_BLACK;
		colors = COLORS >= 8;
	}
	for (i = 0; i < NR_LOOKS; i++) {
		short fg = looks[i].fg, back = looks[i].bg;

		s->look[i] = colors ? looks[i].attr : looks[i].mono;
		if (!colors || (fg == -1 && back == -1))
			continue;
		if (fg == -1 && bg != -1)
			fg = COLOR_WHITE;
		if (back == -1)
			back = bg;
		init_pair(pair, fg, back);
		s->look[i] |= (attr_t)COLOR_PAIR(pair);
		pair++;
	}
}

static void loop(struct screen *s, unsigned long count, const sigset_t *wait)
{
	struct pollfd pfd = { .fd = STDIN_FILENO, .events = POLLIN };
	unsigned long readings = 0;
	double start = model_now();
	int silent = 0;

	/*
	 * The first rates come soon, the rest by the clock.  A reading that is
	 * due is neither put off nor repeated because of keys.
	 */
	s->next = start + (s->delay < 0.25 ? s->delay : 0.25);
	while (!s->quit && !got_signal) {
		struct timespec ts = { 0 };
		double now = model_now(), left;
		int ready;

		if (*s->message && now >= s->message_until)
			s->message[0] = '\0';
		if (now >= s->next) {
			reread(s);
			if (++readings == 1)
				s->next = start;
			if (count && readings >= count) {
				draw(s);
				return;
			}
			now = model_now();
			s->next += s->delay;
			if (s->next <= now)
				s->next += s->delay *
					   ceil((now - s->next) / s->delay);
			if (s->next <= now)
				s->next += s->delay;
		}
		draw(s);

		left = s->next - model_now();
		if (*s->message && s->message_until - model_now() < left)
			left = s->message_until - model_now();
		if (left > 0) {
			ts.tv_sec = (time_t)left;
			ts.tv_nsec = (long)((left - (double)ts.tv_sec) * 1e9);
		}
		ready = ppoll(&pfd, 1, &ts, wait);
		if (ready > 0 && (pfd.revents & (POLLHUP | POLLERR | POLLNVAL)))
			return;
		/* Readable, and nothing to read, again and again: the end. */
		if (!keys(s) && ready > 0) {
			if (++silent > 20)
				return;
		} else {
			silent = 0;
		}
	}
}

int view_curses(struct model *m, const struct view_options *opt)
{
	struct screen s = {
		.m = m,
		.set = &opt->shown,
		.sort = opt->sort,
		.delay = opt->delay,
		.page = 1,
		.detail_page = 1,
	};
	SCREEN *term;
	sigset_t wait;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		warnx("not on a terminal; -b prints to a file or a pipe");
		return EXIT_FAILURE;
	}
	s.cpus = cpus > 0 ? (int)cpus : 1;
	s.utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	crash_has_termios = !tcgetattr(STDIN_FILENO, &crash_termios);
	term = newterm(NULL, stdout, stdin);
	if (!term) {
		warnx("the terminal type '%s' is not known; set TERM, or use -b",
		      getenv("TERM") ? getenv("TERM") : "");
		return EXIT_FAILURE;
	}
	signals_init(&wait);
	cbreak();
	noecho();
	nonl();
	intrflush(stdscr, FALSE);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(25);
	looks_init(&s);
	follow(&s);

	loop(&s, opt->count, &wait);

	erase();
	refresh();
	endwin();
	delscreen(term);
	account_free(&s.account);
	/* Ctrl-C is a way to quit; others want to know what ended it. */
	if (got_signal && got_signal != SIGINT) {
		signal(got_signal, SIG_DFL);
		raise(got_signal);
		sigprocmask(SIG_SETMASK, &wait, NULL);
	}
	return EXIT_SUCCESS;
}
