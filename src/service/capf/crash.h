/*
 * crash: the role dies at a chosen moment of a session - in builds made for tests alone.
 *
 * TRUSTLINE_CAPF_CRASH names a file with a number N. The session that begins while it is there
 * kills its process at the Nth moment that something has changed, and removes the file before.
 * A test that counts N up meets every moment there is.
 */
#ifndef SERVICE_CAPF_CRASH_H
#define SERVICE_CAPF_CRASH_H

struct crash {
    unsigned at; /* 0: it lives */
    unsigned moment;
};

#ifdef TRUSTLINE_TEST_HOOKS
void crash_begin(struct crash *crash);
void crash_moment(struct crash *crash);
#else
static inline void crash_begin(struct crash *crash)
{
    (void)crash;
}
static inline void crash_moment(struct crash *crash)
{
    (void)crash;
}
#endif

#endif
