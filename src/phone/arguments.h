/*
 * arguments: the command line of trustline-phone.
 */
#ifndef PHONE_ARGUMENTS_H
#define PHONE_ARGUMENTS_H

#include "phone/phone.h"
#include "trust/model.h"

#include <stdio.h>

#define ARGUMENTS_MODELS 16

/* How far a phone goes. */
enum phone_goal { GOAL_FILES, GOAL_ENROLLED, GOAL_REGISTERED, GOAL_CALL };

/* Exit statuses, part of our interface. */
enum phone_exit { EXIT_REACHED = 0, EXIT_NOT_REACHED = 1, EXIT_USAGE = 2, EXIT_REFUSED = 3 };

/* Strings look into argv. */
struct arguments {
    char device[DEVICE_NAME_LENGTH + 1]; /* of one phone, or the first of a fleet */
    const char *tftp;                    /* HOST[:PORT], not looked up yet */
    const struct model *models[ARGUMENTS_MODELS];
    size_t model_count;
    const char *home; /* NULL: none */
    bool erase[FLASH_SLOTS];
    bool json, quiet;
    enum phone_goal goal;
    bool stays;         /* when it has got there */
    const char *dial;   /* a number, or NULL */
    unsigned talk;      /* seconds */
    bool answers;       /* calls that ring */
    const char *audio;  /* "tone", "tone:HERTZ", "silence" or a WAV file */
    const char *record; /* a WAV file, or NULL */
    const char *span;   /* a capture file, or NULL */
    const char *script; /* a file, or NULL */
    uint16_t web;       /* port of its web page; 0: none */
    const char *auth_string;
    const char *mic; /* a PEM file; of a fleet a directory with NAME.pem */
    enum phone_tls tls;
    const char *key_pool; /* a directory */
    int64_t key_ms;       /* the least a key takes */
    const char *make_mic; /* CA.pem: make a lab MIC for `device` instead, into `mic_out` */
    const char *mic_out;
    size_t fleet;       /* phones; 0: one phone */
    unsigned rate;      /* phones a second; 0: as fast as it goes */
    unsigned calls;     /* a second, of a fleet; 0: none */
    size_t concurrency; /* phones that boot at once */
};

/* true: run. false: end with *status; help, version or the error have been printed. */
bool arguments_read(struct arguments *out, int argc, char **argv, FILE *stream, FILE *errors,
                    enum phone_exit *status);

extern const char arguments_usage[];

/* The name of phone number `n` of a fleet, counted from the first name. false: there are no more
 * names. */
bool arguments_device(const struct arguments *arguments, size_t n,
                      char out[DEVICE_NAME_LENGTH + 1]);

#endif
