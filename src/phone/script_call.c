/* The scripts of a phone that only calls, or only answers. */
#include "phone/script_parts.h"

enum { PATIENCE_S = 180 }; /* until somebody answers */

/* A call has the security its phone's configuration asks for, and that is true. */
static const char *icon_of(unsigned mode)
{
    return mode == 3 ? "lock" : mode == 2 ? "shield" : "none";
}

static const char *audio_of(unsigned mode)
{
    return mode == 3 ? "srtp" : "clear";
}

int script_of_call(struct script **out, const char *number, unsigned mode, unsigned seconds,
                   struct why *why)
{
    char text[SCRIPT_LINE * 2];
    text_format(text, sizeof text,
                "dial %s\nexpect connected within %u\nexpect %s\nexpect %s\nwait %u\nend\n"
                "expect idle\n",
                number, PATIENCE_S, icon_of(mode), audio_of(mode), seconds);
    return script_parse(out, bytes_of_string(text), why);
}

int script_of_answer(struct script **out, unsigned mode, struct why *why)
{
    char text[SCRIPT_LINE * 2];
    text_format(text, sizeof text,
                "answer within forever\nexpect connected\nexpect %s\nexpect %s\n"
                "expect idle within forever\n",
                icon_of(mode), audio_of(mode));
    return script_parse(out, bytes_of_string(text), why);
}
