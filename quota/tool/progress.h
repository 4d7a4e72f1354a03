/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far a long walk is, and signals that end it between two files */
#ifndef VQUOTA_PROGRESS_H
#define VQUOTA_PROGRESS_H

/**
 * struct progress - how far it is
 * @on: standard error is a terminal
 * @drawn: something is drawn there now
 * @done: files so far
 * @total: about how many there are, 0 if that is not known
 * @began: when, in milliseconds
 * @last: when it was drawn
 */
struct progress {
	int on;
	int drawn;
	unsigned long long done;
	unsigned long long total;
	unsigned long long began;
	unsigned long long last;
};

void progress_begin(struct progress *progress, int fd, const char *path);
void progress_step(struct progress *progress);
void progress_clear(struct progress *progress);

void catch_signals(void);
void die_of_signal(void);

#endif /* VQUOTA_PROGRESS_H */
