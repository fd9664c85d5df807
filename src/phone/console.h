/*
 * console: what a phone says while it boots, in the words of real ones.
 *
 *   7: NOT 09:13:17.561856 SECD: tlRequestFile: Request CTLSEP0011215A1AE3.tlv     console line
 *   16:01:16 Trust List Updated                                                    status message
 *
 * Under a status message about a refusal stands, indented, which rule refused and what helps.
 */
#ifndef PHONE_CONSOLE_H
#define PHONE_CONSOLE_H

#include "net/address.h"
#include "phone/boot.h"
#include "phone/enrolment.h"
#include "phone/notebook.h"
#include "phone/signalling.h"

#include <stdio.h>

struct console {
    FILE *out;
    bool quiet;            /* no console lines, only status messages and what the phone ends with */
    struct address server; /* with the TFTP port */
    struct notebook *lines, *messages; /* keep what was said, also what is not printed; may be
                                          NULL */
    unsigned line;                     /* running number */
    unsigned request;
};

void console_action(struct console *console, const struct boot *boot,
                    const struct boot_action *action);

/* What happens at CAPF, and what came of it. */
void console_enrolment(struct console *console, const struct enrolment_news *news);
void console_enrolled(struct console *console, const struct enrolment_result *result);

/* What happens between it and TVS. */
void console_tvs(struct console *console, const struct boot *boot, const struct tvsc_news *news);

/* What happens between it and its call managers, and in its calls. */
void console_signalling(struct console *console, struct signalling *signalling,
                        const struct signalling_news *news);
void console_unregistered(struct console *console, const struct signalling_end *end);
/* Something went wrong, and the phone goes on. */
void console_trouble(struct console *console, const char *words);
/* A line of a script is being done. */
void console_act(struct console *console, const char *text);

/* "encrypted", "authenticated", "non-secure". */
const char *console_mode_text(unsigned security_mode);

#endif
