/*
 * check: trustlined --check, what a node lives on, one line a finding.
 */
#ifndef DAEMON_CHECK_H
#define DAEMON_CHECK_H

/* Prints what is fine, what to know and what is wrong; 0, or 1 when something is wrong. */
int check_run(const char *state);

#endif
