/*
 * words: how commands call what the store has numbers for.
 */
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

#include "store/enrolment.h"

/* A word of the command line and what it stands for; tables end with word NULL. */
struct word {
    const char *word;
    int value;
};
extern const struct word protocol_words[];  /* sccp, sip */
extern const struct word mode_words[];      /* non-secure, authenticated, encrypted */
extern const struct word capf_words[];      /* string, null-string, lsc, mic */
extern const struct word operation_words[]; /* none, install, delete, troubleshoot */
extern const struct word yes_words[];       /* yes, no */
/* What --key-size and --curve may be. */
extern const struct word key_size_words[];
extern const struct word curve_words[];

/* "?" for a value that is not there. */
const char *word_text(const struct word *words, int value);
/* In any case. ERR_USAGE names the option, all words, and the nearest. */
int word_parse(int *out, const struct word *words, const char *option, const char *typed,
               struct why *why) CHECKED;

/* What --key-size and --curve say: "2048" or "P-256". */
void key_words(char out[16], unsigned key_size, unsigned curve);

/* "SEP001122334455" from what was typed, whatever its case; ERR_USAGE. */
int phone_name(char out[DEVICE_NAME], const char *typed, struct why *why) CHECKED;

#endif
