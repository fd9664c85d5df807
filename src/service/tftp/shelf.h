/*
 * shelf: what the library keeps, by name, and what it knows about how long that is good.
 *
 * Entries are bounded in number and in the memory of their contents; those nobody asked for since
 * they were last considered go first. Bodies of the same bytes are kept once, whatever names they
 * go by.
 */
#ifndef SERVICE_TFTP_SHELF_H
#define SERVICE_TFTP_SHELF_H

#include "service/tftp/content.h"
#include "service/tftp/names.h"

struct work; /* of the library: what is being done to have the content */
/* What has changed, or what something depends on. */
struct change {
    unsigned areas; /* of the store: 1 << enum store_area */
    bool files, templates;
};
bool change_concerns(const struct change *change, const struct change *dependence);

struct entry {
    char *asked; /* the name; the key */
    char *stem;  /* in lower case and without .sgn: what files it depends on are called */
    bool fresh;  /* `result` and `content` are what a look would find now */
    int result;
    bool stranger; /* not found, and no phone of ours has this name */
    char *words;   /* about a result, or NULL */
    struct content *content;
    uint8_t signer[SHA256_SIZE]; /* of a signed content: as of struct finding */
    struct change depends;
    struct work *work; /* under way, or NULL; such an entry stays */
    /* the shelf's own */
    struct entry *next_of_stem;
    bool used; /* since it was last looked at for throwing it out */
    struct entry *newer, *older;
};

struct shelf;
int shelf_new(struct shelf **out, size_t names, size_t memory,
              void (*changed)(struct work *work, const struct change *change)) CHECKED;
void shelf_free(struct shelf *shelf);

/* The entry of this name, made if there was none. ERR_LIMIT: all of them are under way. */
int shelf_entry(struct shelf *shelf, struct entry **out, const struct file_name *name) CHECKED;
/* Puts a content (shared), or none, and a result into an entry. */
void shelf_put(struct shelf *shelf, struct entry *entry, int result, const char *words,
               struct content *content);
/* The body of the same bytes that is kept already, or this one, kept from now on. Takes one owner
 * of `body`; the caller owns what it gets. */
struct body *shelf_body(struct shelf *shelf, struct body *body);

/* Marks what is no longer known to be right; what is under way hears
 * of it through `changed`, given at birth. */
void shelf_stale_stem(struct shelf *shelf, const char *stem, const struct change *change);
void shelf_stale(struct shelf *shelf, const struct change *change);
/* What files an entry of this name, or a file that has changed, goes by. */
void shelf_stem(char out[FILE_NAME_MAX + 1], const char *path);

/* Throws out what is too much. Now and then. */
void shelf_trim(struct shelf *shelf);
size_t shelf_names(const struct shelf *shelf);
size_t shelf_memory(const struct shelf *shelf);

#endif
