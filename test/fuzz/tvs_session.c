/* tvs_session: what a phone may say to TVS, in pieces, and two names that may mean the same. The
 * first byte says how large the pieces are. */
#include "fuzz.h"

#include "service/tvs/engine.h"
#include "service/tvs/names.h"

#include <string.h>

static struct cache *database, *ctl;

/* Something to be found: a certificate with its bytes, one without, one of the CTL. */
static void fill(void)
{
    static const struct {
        const char *der, *issuer, *serial, *purpose;
    } known[] = {
        {"0\x82", "CN=stormin-WIN2012-CA", "$", NULL},
        {"0\x83", "CN=a;O=b", "\x01", "CAPF-trust"},
    };
    MUST(cache_new(&database) == 0 && cache_new(&ctl) == 0);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint8_t sha256[SHA256_SIZE];
        struct bytes der = bytes_of_string(known[i].der);
        MUST(digest_bytes(DIGEST_KIND_SHA256, der, sha256) == 0);
        const struct fact fact = {.serial = bytes_of_string(known[i].serial),
                                  .issuer = bytes_of_string(known[i].issuer),
                                  .sha256 = sha256,
                                  .roles = bytes_of("\0\x03", 2),
                                  .ttl = 60,
                                  .purpose = known[i].purpose,
                                  .der = known[i].purpose ? bytes_of(NULL, 0) : der};
        MUST(cache_add(i ? database : ctl, &fact) == 0);
    }
}

static void check_step(const struct tvs_step *step)
{
    struct tvs_message answer;
    MUST(step->state != NULL);
    MUST(!step->close || step->reason);
    MUST((step->send.size > 0) == (step->sent != 0));
    if (step->send.size) {
        MUST(tvs_read(&answer, step->send, NULL) == 0);
        MUST(answer.has_status && (answer.status == TVS_TRUSTED) == step->trusted);
        MUST(answer.session == step->request->session);
    }
    if (step->search && step->trusted)
        MUST(step->search->found.roles.size == 2);
}

static void talk(struct bytes said, size_t piece)
{
    const struct shelves shelves = {database, ctl};
    struct tvs_session *session = NULL;
    struct tvs_step step;
    bool over = false;
    MUST(tvs_session_new(&session) == 0);
    for (size_t at = 0; at < said.size && !over; at += piece) {
        over = tvs_session_input(session, bytes_slice(said, at, piece)) != 0;
        while (!over && tvs_session_step(session, &shelves, &step)) {
            check_step(&step);
            over = step.close;
            if (step.fetch)
                tvs_session_fetched(session, bytes_of("0\x83", at & 1 ? 2 : 0));
        }
        MUST(over || !tvs_session_waits(session));
    }
    tvs_session_free(session);
}

/* A name means itself, and what is the same is so from both sides unless one of them was cut. */
static void compare(struct bytes text)
{
    const uint8_t *nul = text.size ? memchr(text.data, 0, text.size) : NULL;
    size_t first = nul ? (size_t)(nul - text.data) : text.size;
    struct bytes a = bytes_slice(text, 0, first);
    struct bytes b = bytes_slice(text, first + 1, text.size);
    MUST(names_match(a, a) && names_match(b, b));
    if (text.size && !memchr(text.data, '"', text.size))
        MUST(names_match(a, b) == names_match(b, a));
    (void)names_are_etoken(a, b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes all = bytes_of(data, size);
    if (!database)
        fill();
    compare(all);
    if (size)
        talk(bytes_slice(all, 1, size), data[0] ? data[0] : 4096);
    return 0;
}
