/*
 * report: the boot of one phone as one JSON document (trustline-phone --json). Its keys are part of
 * our interface: docs/man/trustline-phone.1 lists them.
 */
#ifndef PHONE_REPORT_H
#define PHONE_REPORT_H

#include "phone/boot.h"
#include "phone/enrolment.h"

#include <stdio.h>

struct report;

/* `enrols`: the phone is to go as far as "enrolled". */
int report_new(struct report **out, const char *device, const char *model, bool enrols) CHECKED;
void report_free(struct report *report);

/* The flash has been read. */
void report_ready(struct report *report, const struct boot *boot);
void report_action(struct report *report, const struct boot *boot,
                   const struct boot_action *action);
/* CAPF was asked. */
void report_enrolled(struct report *report, const struct enrolment_result *result);
/* TVS was asked, or what it said before was remembered; other news are left out. */
void report_tvs(struct report *report, const struct tvsc_news *news);
/* The boot could not begin. */
void report_failed(struct report *report, const char *error);
/* -ENOMEM when it could not be made whole. */
int report_print(const struct report *report, FILE *out) CHECKED;

#endif
