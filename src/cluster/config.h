/*
 * config: trustline.conf, what belongs to one node: addresses, ports, logs.
 *
 * Cluster-wide parameters are in the store (cluster/parameters.h).
 */
#ifndef CLUSTER_CONFIG_H
#define CLUSTER_CONFIG_H

#include "base/file.h"
#include "base/log.h"
#include "net/address.h"
#include "store/store.h"

#define CONFIG_LISTEN_MAX 16

struct config {
    char node[NODE_NAME];     /* which node of the store this is */
    char database[FILE_PATH]; /* "sqlite" or postgresql://... */
    uint16_t port_offset;
    char listen[CONFIG_LISTEN_MAX][ADDRESS_TEXT]; /* numeric addresses */
    size_t listen_count;
    enum log_level log_level;
    size_t log_size; /* bytes before a log is rotated */
    unsigned log_keep;
    unsigned tftp_transfers;    /* at once */
    unsigned tftp_per_address;  /* of them from one address */
    unsigned tftp_names;        /* phones whose configuration one address may ask for a minute */
    unsigned tftp_window;       /* blocks, the most granted by windowsize */
    size_t tftp_receive_buffer; /* bytes asked of the kernel for each socket */
    bool legacy_tls;
};

/* Reads DIR/trustline.conf. The message names file, line and what is wrong. */
int config_load(struct config *out, const char *state, struct why *why) CHECKED;
/* The text of a new one, with a comment for each setting. */
int config_write(struct buffer *out, const struct config *config) CHECKED;
void config_default(struct config *out);

/* Where the store is: "DIR/trustline.db" or the address of the database. */
int config_store_address(char out[FILE_PATH], const struct config *config,
                         const char *state) CHECKED;

/* Paths below the state directory. */
#define STATE_CONFIG    "trustline.conf"
#define STATE_DATABASE  "trustline.db"
#define STATE_KEYS      "keys"
#define STATE_TFTPBOOT  "tftpboot"
#define STATE_TEMPLATES "templates"
#define STATE_LOG       "log"
#define STATE_RUN       "run"
#define STATE_LOCK      "run/lock"
#define STATE_CONTROL   "run/control"

/* Standard ports; each is shifted by the node's offset. */
#define PORT_TFTP     69
#define PORT_HTTP     6970
#define PORT_TVS      2445
#define PORT_CAPF     3804
#define PORT_SCCP     2000
#define PORT_SCCP_TLS 2443
#define PORT_SIP      5060
#define PORT_SIP_TLS  5061

/* With it the highest of them, 8443 for the administration pages, is a port still. */
#define PORT_OFFSET_MAX (65535 - 8443)

#endif
