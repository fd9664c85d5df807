/* token_put LABEL PIN OBJECT ID CERT KEY: puts a certificate and its key into the SoftHSM2 token of
 * this label, as a token's own software would (softhsm2-util takes keys only). */
#include "softhsm.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    struct softhsm *hsm = NULL;
    struct certificate *certificate = NULL;
    struct key *key = NULL;
    struct buffer pem;
    if (argc != 7)
        return 2;
    uint8_t id = (uint8_t)strtoul(argv[4], NULL, 10);
    buffer_init(&pem, KEY_FILE_MAX);
    int result = file_read(&pem, argv[6], NULL);
    if (result == 0)
        result = key_from_pem(&key, buffer_bytes(&pem), NULL);
    if (result == 0)
        result = certificate_load(&certificate, argv[5], NULL);
    if (result == 0)
        result = softhsm_open(&hsm, argv[1], argv[2]);
    if (result == 0)
        result = softhsm_put_certificate(hsm, argv[3], id, certificate);
    if (result == 0)
        result = softhsm_put_key(hsm, argv[3], id, key, false);
    if (result)
        fprintf(stderr, "token_put: %s\n", error_text(result));
    softhsm_close(hsm);
    certificate_free(certificate);
    key_free(key);
    buffer_fini(&pem);
    return result != 0;
}
