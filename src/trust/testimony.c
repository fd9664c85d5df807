#include "trust/testimony.h"

#include "base/text.h"
#include "trust/offer.h"
#include "trust/words.h"

#include <string.h>

enum { ROLES_HELD = 32 };

const char *testimony_text(enum testimony_kind kind)
{
    static const char *const words[] = {
        [TESTIMONY_SILENCE] = "silence",
        [TESTIMONY_DENIED] = "denied",
        [TESTIMONY_VOUCHED] = "vouched",
    };
    return words[kind];
}

bool testimony_has_role(const struct testimony *testimony, uint16_t role)
{
    return role < ROLES_HELD && (testimony->roles & UINT32_C(1) << role) != 0;
}

void testimony_add_role(struct testimony *testimony, uint16_t role)
{
    if (role < ROLES_HELD)
        testimony->roles |= UINT32_C(1) << role;
}

/* Lists are signed by anchors; files by certificates that are trusted for files. */
static bool may_sign(const struct testimony *t, const struct offer *o)
{
    if (o->is_list)
        return testimony_has_role(t, ROLE_SAST);
    return testimony_has_role(t, ROLE_CCM_TFTP) || testimony_has_role(t, ROLE_TFTP);
}

/* Whoever TVS vouches for, the signature must be that one's. */
static int check_signature(const struct testimony *t, struct offer *o)
{
    const struct trustlist_record signer = {.certificate = t->certificate};
    return t->certificate.size ? offer_check(o, &signer) : ERR_VERIFY;
}

/* "SAST, CCM+TFTP" or "nothing". */
static char *words_roles(char out[WORDS], const struct testimony *t)
{
    size_t used = 0;
    text_copy(out, WORDS, "nothing");
    for (uint16_t role = 0; role < (uint16_t)ROLES_HELD; role++) {
        const char *name = role == ROLE_SAST ? "SAST" : role_text(role);
        if (!testimony_has_role(t, role) || !name)
            continue;
        text_format(out + used, WORDS - used, "%s%s", used ? ", " : "", name);
        used = strlen(out);
    }
    return out;
}

static enum verdict judge_vouched(enum accept_rule *rule, char text[TESTIMONY_TEXT],
                                  const struct testimony *t, struct offer *o)
{
    const char *kind = offer_kind_name(o);
    char signer[WORDS];
    char roles[WORDS];
    words_signer(signer, &o->header);
    *rule = RULE_TVS_REFUSES;
    if (!may_sign(t, o)) {
        text_format(text, TESTIMONY_TEXT,
                    "The signer of this %s, %s, is none the phone knows, and TVS trusts it for "
                    "%s, not to sign %s: put its certificate into Phone-SAST-trust.",
                    kind, signer, words_roles(roles, t), o->is_list ? "lists" : "files");
        return VERDICT_NO;
    }
    if (check_signature(t, o) != 0) {
        *rule = RULE_BAD_SIGNATURE;
        text_format(text, TESTIMONY_TEXT,
                    "TVS vouches for the signer of this %s, %s, but the signature does not fit "
                    "the certificate it sent: the bytes were changed on the way, or another key "
                    "signed under that name and serial; sign it again.",
                    kind, signer);
        return VERDICT_NO;
    }
    *rule = RULE_TVS_VOUCHES;
    text_format(text, TESTIMONY_TEXT,
                "The signer of this %s, %s, is none the phone's lists name; it asked TVS, which "
                "trusts it for %s.",
                kind, signer, words_roles(roles, t));
    return VERDICT_YES;
}

enum verdict testimony_judge(enum accept_rule *rule, char text[TESTIMONY_TEXT],
                             const struct testimony *testimony, struct offer *offer)
{
    char signer[WORDS];
    const char *words = testimony->words;
    words_signer(signer, &offer->header);
    switch (testimony->kind) {
    case TESTIMONY_VOUCHED:
        return judge_vouched(rule, text, testimony, offer);
    case TESTIMONY_DENIED:
        *rule = RULE_TVS_REFUSES;
        text_format(text, TESTIMONY_TEXT,
                    "The signer of this %s, %s, is none the phone's lists name, and the TVS it "
                    "asked does not know it either: put its certificate into Phone-SAST-trust.",
                    offer_kind_name(offer), signer);
        return VERDICT_NO;
    default:
        *rule = RULE_TVS_SILENT;
        text_format(text, TESTIMONY_TEXT,
                    "The signer of this %s, %s, is none the phone's lists name, and no TVS could "
                    "be asked%s%.200s%s: have one running that its configuration names, with the "
                    "certificate its ITL names.",
                    offer_kind_name(offer), signer, words ? " (" : "", words ? words : "",
                    words ? ")" : "");
        return VERDICT_NO;
    }
}
