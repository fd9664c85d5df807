/*
 * source: what commands are given to work with - lists, files, signers.
 */
#ifndef CLI_SOURCE_H
#define CLI_SOURCE_H

#include "cli/cli.h"
#include "pki/token.h"

/* Files larger than this are neither signed nor verified: no phone takes such a download. */
#define SOURCE_FILE_MAX (128 * 1024 * 1024)

/* A trust list with the bytes it lies in. */
struct list_source {
    struct buffer bytes;
    struct trustlist *list;
};
/* "-" is standard input. The message names the file, and what else it is when it is no list. */
int list_source_read(struct list_source *out, const char *path, struct why *why) CHECKED;
/* The same of bytes that were read already; takes them over, on failure too. */
int list_source_take(struct list_source *out, struct buffer *bytes, const char *name,
                     struct why *why) CHECKED;
void list_source_fini(struct list_source *source);

/* Writes a result to where the user said: whole or not at all, "-" and whatever else is standard
 * output straight to it. */
int result_write(struct cli *cli, const char *path, struct bytes content, struct why *why) CHECKED;
/* Is standard output what this path means? Then nothing else may be printed on it. */
bool path_is_output(const char *path);

/* Who signs: the options --signer, --pin-file and --module. */
struct signing {
    struct file_signer by;
    struct identity identity;
    struct token *token;
};
int signing_open(struct signing *out, struct cli *cli, const struct call *call,
                 struct why *why) CHECKED;
void signing_fini(struct signing *signing);

/* --digest, --timestamp (the present when it is not given). ERR_USAGE. */
int option_digest(enum digest_code *out, const struct call *call, struct why *why) CHECKED;
int option_timestamp(uint32_t *out, const struct call *call, struct why *why) CHECKED;

/* The last part of a path: "a/b.tlv" -> "b.tlv". */
const char *path_name(const char *path);

#endif
