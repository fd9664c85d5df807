/*
 * supervisor: binds the ports, starts a process per role, restarts what dies, and hands out ends to
 * the signer. It reads no database and parses nothing from the network.
 */
#ifndef DAEMON_SUPERVISOR_H
#define DAEMON_SUPERVISOR_H

#include "base/error.h"

/* Runs in the foreground until SIGTERM or SIGINT; returns an exit status. */
int supervisor_run(const char *state);

#endif
