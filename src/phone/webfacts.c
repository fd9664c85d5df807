#include "phone/webfacts.h"

void webfacts_of_boot(struct webfacts *facts, const struct boot *boot)
{
    facts->device = boot_device(boot);
    facts->model = boot_model(boot);
    facts->configuration = boot_configuration(boot);
    facts->is_configured = boot_is_configured(boot);
    facts->lsc = boot_lsc(boot);
    facts->ctl = boot_list(boot, TRUSTLIST_CTL);
    facts->itl = boot_list(boot, TRUSTLIST_ITL);
}
