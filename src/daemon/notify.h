/*
 * notify: words for systemd, if it asked for them (docs/decisions/0010-own-sd-notify.md).
 */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

#include <stdint.h>

/* Sends "READY=1" and the like to $NOTIFY_SOCKET; does nothing without one. */
void notify_send(const char *words);
/* How often "WATCHDOG=1" is expected, in milliseconds; 0: not at all. */
int64_t notify_watchdog_ms(void);

#endif
