#include "pki/details.h"

#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

static void take_oid(char *out, size_t size, const ASN1_OBJECT *object)
{
    char text[128];
    out[0] = '\0';
    if (OBJ_obj2txt(text, (int)sizeof text, object, 1) > 0)
        text_copy(out, size, text);
}

static int take_name(char out[CERTIFICATE_NAME_TEXT], const X509_NAME *name)
{
    struct buffer text;
    buffer_init(&text, CERTIFICATE_NAME_TEXT - 1);
    int result = name_write(&text, name, ", ");
    if (result == 0)
        text_copy(out, CERTIFICATE_NAME_TEXT, buffer_string(&text));
    buffer_fini(&text);
    return result;
}

/* "SHA256withRSA", where OpenSSL has a digest and a key for the algorithm. */
static void take_signature(struct certificate_details *out, X509 *x509)
{
    const X509_ALGOR *algorithm = NULL;
    const ASN1_OBJECT *object = NULL;
    int digest = NID_undef;
    int key = NID_undef;
    int nid = X509_get_signature_nid(x509);
    X509_get0_signature(NULL, &algorithm, x509);
    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    take_oid(out->signature_oid, sizeof out->signature_oid, object);
    if (OBJ_find_sigid_algs(nid, &digest, &key) == 1 && digest != NID_undef)
        text_format(out->signature_name, sizeof out->signature_name, "%swith%s", OBJ_nid2sn(digest),
                    key == NID_X9_62_id_ecPublicKey ? "ECDSA" : "RSA");
    else
        text_copy(out->signature_name, sizeof out->signature_name,
                  nid == NID_undef ? out->signature_oid : OBJ_nid2sn(nid));
}

static void take_key(struct certificate_details *out, const struct certificate *c, X509 *x509)
{
    ASN1_OBJECT *object = NULL;
    if (X509_PUBKEY_get0_param(&object, NULL, NULL, NULL, X509_get_X509_PUBKEY(x509)) == 1)
        take_oid(out->key_oid, sizeof out->key_oid, object);
    text_copy(out->key_name, sizeof out->key_name,
              certificate_key_kind(c) == KEY_EC ? "EC" : certificate_key_name(c));
}

/* ---- extensions ---- */

static void add_word(char *out, size_t size, const char *word)
{
    size_t used = strlen(out);
    text_format(out + used, size - used, "%s%s", used ? ", " : "", word);
}

static void write_usages(struct certificate_extension *e, X509 *x509)
{
    static const struct {
        uint32_t bit;
        const char *word;
    } usages[] = {
        {KU_DIGITAL_SIGNATURE, "digitalSignature"},
        {KU_NON_REPUDIATION, "nonRepudiation"},
        {KU_KEY_ENCIPHERMENT, "keyEncipherment"},
        {KU_DATA_ENCIPHERMENT, "dataEncipherment"},
        {KU_KEY_AGREEMENT, "keyAgreement"},
        {KU_KEY_CERT_SIGN, "keyCertSign"},
        {KU_CRL_SIGN, "cRLSign"},
        {KU_ENCIPHER_ONLY, "encipherOnly"},
        {KU_DECIPHER_ONLY, "decipherOnly"},
    };
    uint32_t bits = X509_get_key_usage(x509);
    text_copy(e->label, sizeof e->label, "Usages");
    for (size_t i = 0; i < sizeof usages / sizeof *usages; i++)
        if (bits & usages[i].bit)
            add_word(e->value, sizeof e->value, usages[i].word);
}

/* OpenSSL's text of it, on one line. */
static int write_value(struct certificate_extension *e, X509_EXTENSION *extension)
{
    BIO *bio = BIO_new(BIO_s_mem());
    if (!bio)
        return -ENOMEM;
    char *data = NULL;
    if (X509V3_EXT_print(bio, extension, X509V3_EXT_DUMP_UNKNOWN, 0) == 1) {
        long size = BIO_get_mem_data(bio, &data);
        text_copy_bytes(e->value, sizeof e->value, bytes_of(data, (size_t)size));
    }
    BIO_free(bio);
    for (char *p = e->value; *p; p++)
        if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f)
            *p = ' ';
    const char *text = text_trim(e->value);
    memmove(e->value, text, strlen(text) + 1);
    return 0;
}

/* Java's name of it: that of the standard with a capital, and one of its own. */
static void write_extension_name(struct certificate_extension *e, int nid)
{
    if (nid == NID_undef)
        text_copy(e->name, sizeof e->name, e->oid);
    else if (nid == NID_ext_key_usage)
        text_copy(e->name, sizeof e->name, "ExtKeyUsageSyntax");
    else
        text_copy(e->name, sizeof e->name, OBJ_nid2sn(nid));
    e->name[0] = (char)toupper((unsigned char)e->name[0]);
}

static int take_extension(struct certificate_extension *e, X509 *x509, int index)
{
    X509_EXTENSION *extension = X509_get_ext(x509, index);
    const ASN1_OBJECT *object = X509_EXTENSION_get_object(extension);
    int nid = OBJ_obj2nid(object);
    take_oid(e->oid, sizeof e->oid, object);
    write_extension_name(e, nid);
    e->critical = X509_EXTENSION_get_critical(extension) != 0;
    if (nid == NID_key_usage) {
        write_usages(e, x509);
        return 0;
    }
    text_copy(e->label, sizeof e->label,
              nid == NID_subject_key_identifier ? "keyID"
              : nid == NID_ext_key_usage        ? "Usages"
                                                : "Value");
    return write_value(e, extension);
}

int certificate_details(struct certificate_details *out, const struct certificate *c)
{
    X509 *x509 = certificate_x509(c);
    *out = (struct certificate_details){.version = (int)X509_get_version(x509) + 1};
    int result = take_name(out->subject, X509_get_subject_name(x509));
    if (result == 0)
        result = take_name(out->issuer, X509_get_issuer_name(x509));
    take_signature(out, x509);
    take_key(out, c, x509);
    int count = X509_get_ext_count(x509);
    out->extension_count = count > 0 ? (size_t)count : 0;
    for (int i = 0; i < count && i < CERTIFICATE_EXTENSIONS_MAX && result == 0; i++)
        result = take_extension(&out->extensions[i], x509, i);
    ERR_clear_error();
    return result;
}
