/*
 * secret: random bytes, and the ways to handle bytes nobody else may learn.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Overwrites in a way the compiler may not remove. NULL with size 0 is accepted. */
void secret_wipe(void *data, size_t size);
/* Compares in a time that depends on the size only. */
bool secret_equal(const void *a, const void *b, size_t size);
/* Bytes from the kernel's generator. Cannot fail on a running Linux; a kernel that refuses
 * (seccomp) ends the process, since nothing secure can be done without. */
void secret_random(void *out, size_t size);

/* From now on nobody reads this process's memory: no core file, no debugger of the same user, and
 * no new rights by a program it starts. */
void secret_guard_process(void);

#endif
