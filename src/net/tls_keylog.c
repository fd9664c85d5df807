/* Nobody gets the secrets of TLS connections. Programs that are linked with test/support/keylog.c,
 * for a person with tshark, have another function in the place of this one: it must be alone here.
 */
#include "net/tls_parts.h"

void tls_keylog_install(SSL_CTX *ctx)
{
    (void)ctx;
}
