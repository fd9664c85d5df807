#include "store/calls.h"

static const char *const securities[] = {
    [CALL_SECURITY_UNKNOWN] = "unknown",
    [CALL_NOT_SECURE] = "non-secure",
    [CALL_AUTHENTICATED] = "authenticated",
    [CALL_ENCRYPTED] = "encrypted",
};

static const char *const suites[] = {
    [CALL_SUITE_NONE] = "",
    [CALL_SUITE_AES_CM_128_HMAC_SHA1_32] = "AES_CM_128_HMAC_SHA1_32",
};

static const char *const progresses[] = {
    [CALL_PROGRESS_RINGING] = "ringing",
    [CALL_PROGRESS_TALKING] = "talking",
    [CALL_PROGRESS_HELD] = "on hold",
    [CALL_PROGRESS_PRESERVED] = "preserved",
};

static const char *const causes[] = {
    [CALL_CAUSE_NONE] = "",
    [CALL_CAUSE_HUNG_UP] = "hung up",
    [CALL_CAUSE_ABANDONED] = "abandoned",
    [CALL_CAUSE_BUSY] = "busy",
    [CALL_CAUSE_DECLINED] = "declined",
    [CALL_CAUSE_NO_ANSWER] = "no answer",
    [CALL_CAUSE_UNKNOWN_NUMBER] = "unknown number",
    [CALL_CAUSE_UNREACHABLE] = "not registered",
    [CALL_CAUSE_TRANSFERRED] = "transferred",
    [CALL_CAUSE_CONNECTION_LOST] = "connection lost",
    [CALL_CAUSE_UNREGISTERED] = "unregistered",
    [CALL_CAUSE_NO_CODEC] = "no common codec",
    [CALL_CAUSE_MEDIA_FAILED] = "media failed",
    [CALL_CAUSE_FORWARD_LOOP] = "forward loop",
    [CALL_CAUSE_NO_ROOM] = "no room",
    [CALL_CAUSE_NO_DIGITS] = "no digits",
    [CALL_CAUSE_ELSEWHERE] = "answered elsewhere",
    [CALL_CAUSE_SERVER_ENDED] = "server ended",
};

#define WORD(table, at) \
    ((size_t)(at) < sizeof(table) / sizeof *(table) ? (table)[(size_t)(at)] : "?")

const char *call_security_name(enum call_security security)
{
    return WORD(securities, security);
}

const char *call_suite_name(enum call_suite suite)
{
    return WORD(suites, suite);
}

const char *call_progress_name(enum call_progress progress)
{
    return WORD(progresses, progress);
}

const char *call_cause_name(enum call_cause cause)
{
    return WORD(causes, cause);
}
