/*
 * scene: what phones meet - lists, the signer of files, servers, TVS - as the store has it, or as
 * an act would make it.
 */
#ifndef CLUSTER_SCENE_H
#define CLUSTER_SCENE_H

#include "cluster/lists.h"
#include "trust/outlook.h"

#define SERVICE_TVS "Cisco Trust Verification Service"

struct scene;

/* The lists that are served now, and the certificates of the roster under the rules of the policy;
 * an act gives its own roster and policy here, and its lists to scene_serve(). Neither is kept.
 * `files` is the digest under the signatures of files; `modern`: TVS speaks TLS 1.2 and newer
 * alone.
 */
int scene_new(struct scene **out, struct store *store, const struct roster *roster,
              const struct list_policy *policy, enum digest_code files, bool modern,
              struct why *why) CHECKED;
void scene_free(struct scene *scene);

/* What an act changes. */
/* This list is served in place of the present one; nothing, when `file` is empty. Its signer is a
 * certificate of the roster. */
int scene_serve(struct scene *scene, enum list_kind kind, struct bytes file) CHECKED;
/* TVS of that node runs, or does not. ERR_NOT_FOUND: there is no such node. */
int scene_run_tvs(struct scene *scene, int64_t node, bool runs) CHECKED;
/* A certificate of a trust store is there no more. */
void scene_distrust(struct scene *scene, const struct certificate *certificate,
                    const char *purpose);

/* The world of the phones of a CallManager group: its first node is their CAPF and signs their
 * files, and they ask its nodes' TVS. An unknown group: all nodes. Stays until the scene changes.
 */
const struct world *scene_world(const struct scene *scene, const char *group);
/* The same if every TVS of the group ran. */
const struct world *scene_world_all_tvs(const struct scene *scene, const char *group);
/* The list that is served, or NULL. */
const struct trustlist *scene_list(const struct scene *scene, enum list_kind kind);
/* How many anchors the cluster has: certificates that may sign its lists. */
size_t scene_anchors(const struct scene *scene);

#endif
