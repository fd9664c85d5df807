#include "cluster/scene.h"

#include "base/map.h"
#include "base/text.h"
#include "cluster/vouching.h"
#include "signer/protocol.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS_MAX = 100000, SERIALS_MAX = 10000, NODES = 64 };

/* A list that is served. */
struct shown_list {
    struct buffer body;
    struct offer *offer; /* NULL: none is served */
};

struct scene_node {
    struct store_node node;
    bool tvs_runs;
    struct certificate *tvs, *capf, *callmanager, *web; /* shared; NULL: it has none */
    struct offer *files;                                /* that its CallManager signs */
};

/* A CallManager group; the nodes in its order. */
struct group {
    char name[GROUP_NAME];
    size_t nodes[NODES]; /* indices */
    size_t node_count;
    const struct certificate *tvs[NODES]; /* of those that run it, */
    const struct certificate *all_tvs[NODES];
    struct world world, world_all;
};

struct scene {
    struct shown_list lists[2];
    struct vouching vouching;
    bool modern; /* no TLS 1.0 */
    struct scene_node nodes[NODES];
    size_t node_count;
    struct group *groups; /* the first has all nodes and no name */
    size_t group_count;
    struct map *by_name; /* of groups: index + 1 */
    struct vouched *known;
    size_t known_count;
    size_t known_of_ctl; /* those from here on are known by the published CTL alone */
    struct map *wanted;  /* serial numbers that are looked for among trusted certificates */
};

/* ---- whom TVS vouches for ---- */

static uint32_t bits_of(const struct worth *worth)
{
    struct testimony bits = {.roles = 0};
    for (size_t i = 0; i < worth->count; i++)
        testimony_add_role(&bits, worth->roles[i]);
    return bits.roles;
}

/* The same certificate again gets the roles of both, as in the cache of TVS. */
static int know(struct scene *s, struct certificate *certificate, uint32_t roles)
{
    for (size_t i = 0; i < s->known_count; i++) {
        if (!certificates_equal(s->known[i].certificate, certificate))
            continue;
        s->known[i].roles |= roles;
        return 0;
    }
    struct vouched *known = reallocarray(s->known, s->known_count + 1, sizeof *known);
    if (!known)
        return -ENOMEM;
    s->known = known;
    known[s->known_count++] = (struct vouched){certificate_share(certificate), roles};
    return 0;
}

static void forget(struct scene *s, size_t from)
{
    while (s->known_count > from)
        certificate_free((struct certificate *)s->known[--s->known_count].certificate);
}

/* ---- the trust stores: there may be many in them, and few of them sign or serve ---- */

static int want(struct scene *s, struct bytes serial)
{
    char hex[CERTIFICATE_SERIAL];
    text_hex(hex, sizeof hex, bytes_strip_zeros(serial), false, 0);
    int result = map_add(s->wanted, bytes_of_string(hex), s);
    return result == ERR_DUPLICATE ? 0 : result;
}

struct looking {
    struct scene *scene;
    struct store_trust_fact *found;
    size_t count;
};

static int note_fact(void *context, const struct store_trust_fact *fact)
{
    struct looking *l = context;
    if (!map_get(l->scene->wanted, bytes_of_string(fact->serial)))
        return 0;
    struct store_trust_fact *found = reallocarray(l->found, l->count + 1, sizeof *found);
    if (!found)
        return -ENOMEM;
    l->found = found;
    found[l->count++] = *fact;
    return 0;
}

static int know_trusted(struct scene *s, struct store *store, const struct store_trust_fact *fact)
{
    struct certificate *certificate = NULL;
    struct buffer der;
    const struct worth worth = vouching_trust(&s->vouching, fact->purpose);
    buffer_init(&der, CERTIFICATE_DER_MAX);
    int result = store_trust_der(store, fact->purpose, fact->sha256, &der);
    /* One that cannot be read is one that TVS cannot vouch for. */
    if (result == 0 && certificate_from_der(&certificate, buffer_bytes(&der), NULL) == 0)
        result = know(s, certificate, bits_of(&worth));
    certificate_free(certificate);
    buffer_fini(&der);
    return result;
}

static int look_into_stores(struct scene *s, struct store *store)
{
    struct looking looking = {.scene = s};
    int result = store_trust_facts(store, note_fact, &looking);
    for (size_t i = 0; i < looking.count && result == 0; i++)
        result = know_trusted(s, store, &looking.found[i]);
    free(looking.found);
    return result;
}

/* What the published CTL names and the database does not: tokens, other clusters' signers. */
static int look_into_ctl(struct scene *s)
{
    const struct trustlist *ctl = scene_list(s, LIST_CTL);
    size_t own = s->known_of_ctl;
    forget(s, own);
    for (size_t i = 0; ctl && i < ctl->count; i++) {
        const struct trustlist_record *r = &ctl->records[i];
        struct certificate *certificate = NULL;
        struct testimony roles = {.roles = 0};
        bool known = false;
        if (!r->has_role || !r->certificate.size ||
            certificate_from_der(&certificate, r->certificate, NULL) != 0)
            continue;
        for (size_t k = 0; k < own; k++)
            known = known || certificates_equal(s->known[k].certificate, certificate);
        testimony_add_role(&roles, r->role);
        int result = known ? 0 : know(s, certificate, roles.roles);
        certificate_free(certificate);
        if (result)
            return result;
    }
    return 0;
}

/* ---- lists ---- */

static enum trustlist_kind wire_kind(enum list_kind kind)
{
    return kind == LIST_CTL ? TRUSTLIST_CTL : TRUSTLIST_ITL;
}

const struct trustlist *scene_list(const struct scene *s, enum list_kind kind)
{
    return s->lists[kind].offer ? offer_trustlist(s->lists[kind].offer) : NULL;
}

static void drop_list(struct shown_list *list)
{
    offer_free(list->offer);
    buffer_fini(&list->body);
    *list = (struct shown_list){.offer = NULL};
}

static int show_list(struct scene *s, enum list_kind kind, struct bytes file)
{
    struct shown_list *list = &s->lists[kind];
    drop_list(list);
    if (!file.size)
        return 0;
    buffer_init(&list->body, LIST_BODY_MAX);
    buffer_append(&list->body, file);
    int result = list->body.error;
    if (result == 0)
        result = offer_new_list(&list->offer, wire_kind(kind), buffer_bytes(&list->body));
    if (result)
        buffer_fini(&list->body);
    return result;
}

static int load_list(struct scene *s, struct store *store, enum list_kind kind)
{
    struct store_list list;
    int result = store_list_current(store, kind, &list);
    if (result)
        return result == ERR_NOT_FOUND ? 0 : result;
    result = show_list(s, kind, buffer_bytes(&list.body));
    store_list_fini(&list);
    if (result == 0 && scene_list(s, kind))
        result = want(s, scene_list(s, kind)->header.serial);
    return result;
}

/* ---- nodes ---- */

static int note_node(void *context, const struct store_node *node)
{
    struct scene *s = context;
    if (s->node_count == NODES)
        return ERR_LIMIT;
    s->nodes[s->node_count++] = (struct scene_node){.node = *node};
    return 0;
}

static struct scene_node *find_node(struct scene *s, int64_t id)
{
    for (size_t i = 0; i < s->node_count; i++)
        if (s->nodes[i].node.id == id)
            return &s->nodes[i];
    return NULL;
}

/* A service that is wanted comes up with the node, or is on its way. */
static int look_at_service(struct scene_node *n, struct store *store)
{
    struct store_service service;
    int result = store_service_get(store, n->node.id, SERVICE_TVS, &service);
    n->tvs_runs = result == 0 && service.activated && service.wanted;
    return result == ERR_NOT_FOUND ? 0 : result;
}

static void take(struct certificate **out, struct certificate *certificate)
{
    certificate_free(*out);
    *out = certificate_share(certificate);
}

static int take_certificate(struct scene *s, const struct roster_entry *entry)
{
    struct scene_node *n = find_node(s, entry->node.id);
    if (!n)
        return 0;
    if (strcmp(entry->name, KEY_TVS) == 0)
        take(&n->tvs, entry->certificate);
    else if (strcmp(entry->name, KEY_CAPF) == 0)
        take(&n->capf, entry->certificate);
    else if (strcmp(entry->name, KEY_CALLMANAGER) == 0)
        take(&n->callmanager, entry->certificate);
    else if (strcmp(entry->name, KEY_WEB) == 0)
        take(&n->web, entry->certificate);
    const struct worth worth = vouching_own(&s->vouching, entry->name);
    int result = know(s, entry->certificate, bits_of(&worth));
    return result ? result : want(s, certificate_serial(entry->certificate));
}

static int make_files(struct scene *s, enum digest_code digest)
{
    for (size_t i = 0; i < s->node_count; i++) {
        struct scene_node *n = &s->nodes[i];
        offer_free(n->files);
        n->files = NULL;
        int result = n->callmanager ? offer_new_signed_by(&n->files, n->callmanager, digest) : 0;
        if (result)
            return result;
    }
    return 0;
}

/* ---- groups ---- */

struct grouping {
    struct scene *scene;
    struct store *store;
};

static int add_group(struct scene *s, const char *name, struct group **out)
{
    struct group *groups = reallocarray(s->groups, s->group_count + 1, sizeof *groups);
    if (!groups)
        return -ENOMEM;
    s->groups = groups;
    struct group *group = &groups[s->group_count];
    *group = (struct group){.node_count = 0};
    text_copy(group->name, sizeof group->name, name);
    int result = map_add(s->by_name, bytes_of_string(name), (void *)(s->group_count + 1));
    if (result == 0) {
        s->group_count++;
        *out = group;
    }
    return result;
}

static int note_pool(void *context, const struct store_pool *pool)
{
    struct grouping *g = context;
    struct scene *s = g->scene;
    struct store_group stored;
    struct group *group;
    if (map_get(s->by_name, bytes_of_string(pool->group)))
        return 0;
    int result = store_group_get(g->store, pool->group, &stored);
    if (result == 0)
        result = add_group(s, pool->group, &group);
    for (unsigned i = 0; i < stored.count && result == 0; i++) {
        struct scene_node *n = find_node(s, stored.members[i].id);
        if (n)
            group->nodes[group->node_count++] = (size_t)(n - s->nodes);
    }
    return result;
}

static int make_groups(struct scene *s, struct store *store)
{
    struct grouping grouping = {s, store};
    struct group *all;
    int result = add_group(s, "", &all);
    for (size_t i = 0; i < s->node_count && result == 0; i++)
        all->nodes[all->node_count++] = i;
    return result ? result : store_pools(store, note_pool, &grouping);
}

/* What follows from the rest, for one group. */
static void look_from(struct scene *s, struct group *g)
{
    const struct scene_node *first = g->node_count ? &s->nodes[g->nodes[0]] : NULL;
    size_t shown = 0;
    size_t all = 0;
    for (size_t i = 0; i < g->node_count; i++) {
        const struct scene_node *n = &s->nodes[g->nodes[i]];
        if (n->tvs_runs && n->tvs)
            g->tvs[shown++] = n->tvs;
        if (n->tvs)
            g->all_tvs[all++] = n->tvs;
    }
    g->world = (struct world){
        .lists = {[TRUSTLIST_CTL] = s->lists[LIST_CTL].offer,
                  [TRUSTLIST_ITL] = s->lists[LIST_ITL].offer},
        .files = first ? first->files : NULL,
        .tvs = {g->tvs, shown, s->known, s->known_count, s->modern},
        .servers = {[SERVER_CAPF] = first ? first->capf : NULL,
                    [SERVER_CALLMANAGER] = first ? first->callmanager : NULL,
                    [SERVER_HTTPS] = first ? first->web : NULL},
    };
    g->world_all = g->world;
    g->world_all.tvs.shown = g->all_tvs;
    g->world_all.tvs.shown_count = all;
}

static void look(struct scene *s)
{
    for (size_t i = 0; i < s->group_count; i++)
        look_from(s, &s->groups[i]);
}

static const struct group *find_group(const struct scene *s, const char *name)
{
    size_t at = (size_t)map_get(s->by_name, bytes_of_string(name));
    return &s->groups[at ? at - 1 : 0];
}

const struct world *scene_world(const struct scene *s, const char *group)
{
    return &find_group(s, group)->world;
}

const struct world *scene_world_all_tvs(const struct scene *s, const char *group)
{
    return &find_group(s, group)->world_all;
}

size_t scene_anchors(const struct scene *s)
{
    return s->vouching.anchors.count;
}

/* ---- the whole ---- */

static int fill(struct scene *s, struct store *store, const struct roster *roster,
                const struct list_policy *policy, enum digest_code digest)
{
    int result = map_new(&s->by_name, GROUPS_MAX);
    if (result == 0)
        result = map_new(&s->wanted, SERIALS_MAX);
    if (result == 0)
        result = vouching_load(&s->vouching, store);
    s->vouching.security_mode = policy->security_mode;
    s->vouching.anchors = policy->anchors;
    if (result == 0)
        result = store_nodes(store, note_node, s);
    for (size_t i = 0; i < s->node_count && result == 0; i++)
        result = look_at_service(&s->nodes[i], store);
    for (size_t i = 0; i < roster->count && result == 0; i++)
        result = take_certificate(s, &roster->entries[i]);
    if (result == 0 && roster->guest_anchor)
        result = want(s, certificate_serial(roster->guest_anchor));
    for (enum list_kind kind = LIST_CTL; kind <= LIST_ITL && result == 0; kind++)
        result = load_list(s, store, kind);
    if (result == 0)
        result = look_into_stores(s, store);
    s->known_of_ctl = s->known_count;
    if (result == 0)
        result = look_into_ctl(s);
    if (result == 0)
        result = make_files(s, digest);
    if (result == 0)
        result = make_groups(s, store);
    look(s);
    return result;
}

int scene_new(struct scene **out, struct store *store, const struct roster *roster,
              const struct list_policy *policy, enum digest_code digest, bool modern,
              struct why *why)
{
    struct scene *s = calloc(1, sizeof *s);
    if (s)
        s->modern = modern;
    int result = s ? fill(s, store, roster, policy, digest) : -ENOMEM;
    if (result) {
        scene_free(s);
        return why_error(why, result, "cannot find out what phones meet: %s", error_text(result));
    }
    *out = s;
    return 0;
}

void scene_free(struct scene *s)
{
    if (!s)
        return;
    for (enum list_kind kind = LIST_CTL; kind <= LIST_ITL; kind++)
        drop_list(&s->lists[kind]);
    for (size_t i = 0; i < s->node_count; i++) {
        struct scene_node *n = &s->nodes[i];
        offer_free(n->files);
        certificate_free(n->tvs);
        certificate_free(n->capf);
        certificate_free(n->callmanager);
        certificate_free(n->web);
    }
    forget(s, 0);
    free(s->known);
    free(s->groups);
    map_free(s->by_name);
    map_free(s->wanted);
    free(s);
}

int scene_serve(struct scene *s, enum list_kind kind, struct bytes file)
{
    int result = show_list(s, kind, file);
    if (result == 0 && kind == LIST_CTL)
        result = look_into_ctl(s);
    look(s);
    return result;
}

int scene_run_tvs(struct scene *s, int64_t node, bool runs)
{
    struct scene_node *n = find_node(s, node);
    if (!n)
        return ERR_NOT_FOUND;
    n->tvs_runs = runs;
    look(s);
    return 0;
}

/* Roles it has for another reason are lost with it, too: that errs on the careful side. */
void scene_distrust(struct scene *s, const struct certificate *certificate, const char *purpose)
{
    const struct worth worth = vouching_trust(&s->vouching, purpose);
    for (size_t i = 0; i < s->known_count; i++)
        if (certificates_equal(s->known[i].certificate, certificate))
            s->known[i].roles &= ~bits_of(&worth);
    look(s);
}
