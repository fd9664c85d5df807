#include "cli/holders.h"

#include "base/clock.h"
#include "cli/certs.h"
#include "cli/phones.h"
#include "cli/serving.h"

/* What is known. */
struct holders {
    struct cluster *cluster;
    struct serving serving;
    size_t phones[LIST_STATE_UNKNOWN + 1]; /* by enum list_state */
    int64_t signer_until;                  /* 0: not known */
    int64_t days_left;
};

static void count_phones(struct holders *h, const struct phones *phones, enum list_kind kind)
{
    for (size_t i = 0; i < phones->count; i++)
        h->phones[phones->items[i].lists[kind]]++;
}

/* The signer's certificate is in the list itself, as one of its anchors. */
static void look_at_signer(struct holders *h, const struct trustlist *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct trustlist_record *record = &list->records[i];
        struct certificate *certificate = NULL;
        if (!record_is_signer(record, &list->header) ||
            certificate_from_der(&certificate, record->certificate, NULL) != 0)
            continue;
        h->signer_until = certificate_not_after(certificate);
        h->days_left = cert_days_left(certificate);
        certificate_free(certificate);
        return;
    }
}

static int look(struct holders *h, const struct call *call, const struct trustlist *list,
                enum trustlist_kind kind, struct why *why)
{
    struct phones phones = {.items = NULL};
    *h = (struct holders){.cluster = NULL};
    int result = session_open(&h->cluster, call, CLUSTER_LOOK, why);
    if (result)
        return result;
    result = serving_init(&h->serving, h->cluster);
    if (result == 0)
        result = phones_load(&phones, h->cluster, why);
    if (result == 0) {
        count_phones(h, &phones, kind == TRUSTLIST_CTL ? LIST_CTL : LIST_ITL);
        look_at_signer(h, list);
    }
    phones_free(&phones);
    return result;
}

static void let_go(struct holders *h)
{
    serving_fini(&h->serving);
    session_close(h->cluster);
}

enum cli_status holders_print(struct cli *cli, const struct call *call,
                              const struct trustlist *list, enum trustlist_kind kind)
{
    struct why why = WHY_NONE;
    struct holders h;
    char until[CLOCK_TEXT];
    int result = look(&h, call, list, kind, &why);
    if (result == 0) {
        fputc('\n', cli->out);
        serving_print(cli->out, &h.serving, h.cluster);
        fprintf(cli->out,
                "Phones: %zu hold this list, %zu perhaps, %zu an older one, %zu were never served "
                "one\n",
                h.phones[LIST_STATE_CURRENT], h.phones[LIST_STATE_UNKNOWN],
                h.phones[LIST_STATE_OLD], h.phones[LIST_STATE_NONE]);
        if (h.signer_until)
            fprintf(cli->out, "Its signer is valid until %s (%lld days)\n",
                    clock_java(until, h.signer_until), (long long)h.days_left);
    }
    let_go(&h);
    return result ? cli_failed(cli, result, &why) : STATUS_DONE;
}

int holders_add(json_t *json, const struct call *call, const struct trustlist *list,
                enum trustlist_kind kind, struct why *why)
{
    struct holders h;
    int result = look(&h, call, list, kind, why);
    if (result == 0) {
        json_t *nodes = h.serving.json;
        h.serving.json = NULL;
        json_t *ours = json_pack(
            "{s:o, s:b, s:{s:I, s:I, s:I, s:I}, s:o, s:I}", "nodes", nodes, "running",
            (int)h.serving.here, "phones", "current", (json_int_t)h.phones[LIST_STATE_CURRENT],
            "unknown", (json_int_t)h.phones[LIST_STATE_UNKNOWN], "old",
            (json_int_t)h.phones[LIST_STATE_OLD], "none", (json_int_t)h.phones[LIST_STATE_NONE],
            "signer_not_after", cli_json_time(h.signer_until), "signer_days_left",
            (json_int_t)h.days_left);
        result = json_object_set_new(json, "cluster", ours) == 0 ? 0 : ERR_BUG;
    }
    let_go(&h);
    return result;
}
