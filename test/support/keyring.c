#include "keyring.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { NAMES = 128 };

static struct buffer keys[KEYRING_KEYS]; /* PEM */
static struct name {
    char purpose[64], common[64];
    struct card cards[KEYRING_KEYS];
} names[NAMES];

static void need(int result)
{
    if (result)
        abort();
}

static void make_key(struct buffer *out)
{
    const struct key_spec spec = {KEY_RSA, 1024};
    struct key *key = NULL;
    buffer_init(out, KEY_FILE_MAX);
    need(key_generate(&key, &spec, NULL));
    need(key_write_pem(out, key));
    key_free(key);
}

static void make_card(struct card *out, const char *name, enum certificate_use use, unsigned which)
{
    struct buffer *pem = &keys[which];
    uint8_t serial[SERIAL_BYTES];
    const struct certificate_template template = {
        .use = use,
        .subject = {.common_name = name, .organization = "Lab"},
        .not_before = clock_wall() - 86400,
        .days = 365,
    };
    if (!pem->size)
        make_key(pem);
    serial_random(serial);
    need(key_from_pem(&out->identity.key, buffer_bytes(pem), NULL));
    need(certificate_self_sign(&out->identity.certificate, out->identity.key, &template, serial,
                               NULL));
    buffer_init(&out->pem, KEY_FILE_MAX);
    need(identity_write_pem(&out->pem, &out->identity));
}

static struct name *find_name(const char *purpose, const char *common)
{
    size_t i = 0;
    while (i < NAMES && names[i].purpose[0] &&
           (strcmp(names[i].purpose, purpose) != 0 || strcmp(names[i].common, common) != 0))
        i++;
    if (i == NAMES)
        abort();
    text_copy(names[i].purpose, sizeof names[i].purpose, purpose);
    text_copy(names[i].common, sizeof names[i].common, common);
    return &names[i];
}

const struct card *keyring_card(const char *purpose, const char *common_name,
                                enum certificate_use use, unsigned which)
{
    struct card *card = &find_name(purpose, common_name)->cards[which % KEYRING_KEYS];
    if (!card->identity.certificate)
        make_card(card, common_name, use, which % KEYRING_KEYS);
    return card;
}

void keyring_free(void)
{
    for (size_t i = 0; i < KEYRING_KEYS; i++)
        buffer_fini_secret(&keys[i]);
    memset(keys, 0, sizeof keys);
    for (size_t n = 0; n < NAMES; n++) {
        for (size_t i = 0; i < KEYRING_KEYS; i++) {
            identity_fini(&names[n].cards[i].identity);
            buffer_fini_secret(&names[n].cards[i].pem);
        }
    }
    memset(names, 0, sizeof names);
}
